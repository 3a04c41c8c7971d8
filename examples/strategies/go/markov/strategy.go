//go:build wasip1

// Writes text of a wanted length that reads like its source: `write 200 words` is answered with 200 words that follow each
// other as they do there. Which ones is drawn from the seed: the same request of a session gets the same text.
package main

import (
	"errors"
	"strconv"
	"strings"
)

const (
	asked = "write "
	most  = 5000
)

const fable = `A fox saw the grapes that hung high on the wall and thought that the grapes were ripe and sweet. The fox ran and
leapt and the grapes hung too high for the fox. The fox walked round the wall and leapt again and the wall was too high. A
crow sat on the wall and saw the fox and thought that the fox was tired. The crow said that the grapes were ripe and the fox
said that the grapes were sour and walked into the wood. The crow ate the grapes and the grapes were sweet.`

// The words of the source, and for each of them the places of those that follow it.
var (
	words     []string
	followers = map[string][]int{}
)

// Describe says who the plugin is.
func Describe() Description {
	return Description{
		Name:           "markov",
		Version:        "0.1.0",
		Summary:        "Text of a wanted length that reads like its source.",
		SettingsSchema: `{"type":"object","properties":{"source":{"type":"string"}},"additionalProperties":false}`,
	}
}

// Configure learns the source: once in each new instance, so that a request has only to draw.
func Configure() (Activation, error) {
	source := fable
	if value := Settings.JsonAt("/source"); value != nil {
		text, err := strconv.Unquote(*value)
		if err != nil || len(strings.Fields(text)) < 2 {
			return nil, errors.New("settings.source: expected a text of two words at least, found " + *value)
		}
		source = text
	}
	words = strings.Fields(source)
	for i, word := range words {
		// What follows the last word is the first: no text ends before its time.
		followers[word] = append(followers[word], (i+1)%len(words))
	}
	return ActivationAnyOf{ConditionUserTextContains(asked)}, nil
}

// Respond answers a request, or leaves it to the next strategy of the chain.
func Respond() (Outcome, error) {
	text := Request.LastUserText()
	if text == nil {
		return OutcomePass{}, nil
	}
	count := wanted(*text)
	if count == 0 {
		return OutcomePass{}, nil
	}
	return OutcomeReply{Events: []Event{EventText(write(count))}}, nil
}

func write(count int) string {
	var out strings.Builder
	place := draw(len(words))
	for i := range count {
		if i > 0 {
			out.WriteByte(' ')
		}
		word := words[place]
		out.WriteString(word)
		next := followers[word]
		place = next[draw(len(next))]
	}
	return out.String()
}

func draw(bound int) int {
	return int(Context.Random() % uint64(bound))
}

// wanted returns the number in `write 200 words`; 0 where nothing is wanted.
func wanted(text string) int {
	_, rest, found := strings.Cut(strings.ToLower(text), asked)
	fields := strings.Fields(rest)
	if !found || len(fields) < 2 || !strings.HasPrefix(fields[1], "word") {
		return 0
	}
	count, err := strconv.Atoi(fields[0])
	if err != nil || count < 1 {
		return 0
	}
	return min(count, most)
}
