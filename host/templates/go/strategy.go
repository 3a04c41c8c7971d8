//go:build wasip1

// Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.
package main

import (
	"errors"
	"strconv"
	"strings"
)

const opening = "my name is "

var greeting = "Hello"

// Describe says who the plugin is.
func Describe() Description {
	return Description{
		Name:           "{{name}}",
		Version:        "0.1.0",
		Summary:        "Greets whoever says its name.",
		SettingsSchema: `{"type":"object","properties":{"greeting":{"type":"string","default":"Hello"}},"additionalProperties":false}`,
	}
}

// Configure reads the settings, and says when the plugin wants to be asked. It is called once in each new instance.
func Configure() (Activation, error) {
	if value := Settings.JsonAt("/greeting"); value != nil {
		// A JSON text is a Go literal as well; encoding/json would double the component.
		text, err := strconv.Unquote(*value)
		if err != nil {
			return nil, errors.New("settings.greeting: expected a text, such as `Hello`, found " + *value)
		}
		greeting = text
	}
	return ActivationAnyOf{ConditionUserTextContains(opening)}, nil
}

// Respond answers a request, or leaves it to the next strategy of the chain.
func Respond() (Outcome, error) {
	text := Request.LastUserText()
	if text == nil {
		return OutcomePass{}, nil
	}
	name := nameIn(*text)
	if name == "" {
		return OutcomePass{}, nil
	}
	return OutcomeReply{Events: []Event{EventText(greeting + ", " + name + "!")}}, nil
}

// nameIn returns what follows `my name is ` in any case, up to the end of the sentence; "" where nothing does.
func nameIn(text string) string {
	for start := 0; start+len(opening) <= len(text); start++ {
		if rest := text[start+len(opening):]; strings.EqualFold(text[start:start+len(opening)], opening) {
			if end := strings.IndexAny(rest, ".!?,\n"); end >= 0 {
				rest = rest[:end]
			}
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
