//! Reads a regular expression. Python's ways to write a named group and the ends of a text are understood as well, since
//! schemas are often made by Python programs.

use std::iter::Peekable;
use std::rc::Rc;
use std::str::Chars;

use super::class::Class;
use super::{Look, Node};

/// Deeper patterns are nobody's, and the stack is small.
const DEEPEST: u32 = 40;

struct Parser<'s> {
    rest: Peekable<Chars<'s>>,
    names: Vec<Option<String>>,
    /// Names of groups that a back-reference meant, with the place that its number belongs to.
    wanted: Vec<String>,
    depth: u32,
}

/// The pattern, and how many groups it has.
pub(super) fn parse(source: &str) -> Result<(Node, usize), String> {
    let mut parser = Parser { rest: source.chars().peekable(), names: Vec::new(), wanted: Vec::new(), depth: 0 };
    let mut node = parser.either()?;
    if parser.rest.next().is_some() {
        return Err("`)` closes nothing".to_owned());
    }
    for name in &parser.wanted {
        if parser.group(name).is_none() {
            return Err(format!("there is no group `{name}`"));
        }
    }
    resolve(&mut node, &parser);
    Ok((node, parser.names.len()))
}

/// A back-reference may stand before its group, so it holds the place of its name until all groups are known.
fn resolve(node: &mut Node, parser: &Parser<'_>) {
    match node {
        Node::Back(at) => *at = parser.wanted.get(*at).and_then(|name| parser.group(name)).unwrap_or_default(),
        Node::Sequence(nodes) | Node::Either(nodes) => nodes.iter_mut().for_each(|node| resolve(node, parser)),
        Node::Repeat { node, .. } | Node::Group(node, _) | Node::Look(_, node) => resolve(node, parser),
        Node::Class(_) | Node::Start | Node::End | Node::Edge(_) => {}
    }
}

impl Parser<'_> {
    /// The number of a group, by name or number.
    fn group(&self, name: &str) -> Option<usize> {
        let named = self.names.iter().position(|known| known.as_deref() == Some(name));
        named.or_else(|| name.parse::<usize>().ok()?.checked_sub(1).filter(|&index| index < self.names.len()))
    }

    fn eat(&mut self, char: char) -> bool {
        self.rest.next_if_eq(&char).is_some()
    }

    fn either(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Either(branches) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while let Some(&char) = self.rest.peek() {
            if char == '|' || char == ')' {
                break;
            }
            self.rest.next();
            let node = match char {
                '(' => self.parenthesis()?,
                '[' => Node::Class(Rc::new(self.class()?)),
                '.' => Node::Class(Rc::new(Class::dot())),
                '^' => Node::Start,
                '$' => Node::End,
                '\\' => self.escape()?,
                '*' | '+' | '?' => return Err(format!("`{char}` has nothing to repeat")),
                char => Node::Class(Rc::new(Class::one(char))),
            };
            nodes.push(self.repeated(node)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Sequence(nodes) })
    }

    fn repeated(&mut self, node: Node) -> Result<Node, String> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts() {
                Some(counts) => counts,
                None => return Ok(node),
            },
            _ => return Ok(node),
        };
        // Of a count, its closing brace.
        self.rest.next();
        if let Some(most) = most
            && most < least
        {
            return Err(format!("`{{{least},{most}}}` counts backwards"));
        }
        // Which of the matches is taken does not matter here.
        self.eat('?');
        Ok(Node::Repeat { node: Box::new(node), least, most })
    }

    /// The counts of `{2}`, `{2,}` and `{2,3}`, up to the closing brace. Anything else in braces stands for itself.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let mut ahead = self.rest.clone();
        ahead.next();
        let number = |ahead: &mut Peekable<Chars<'_>>| {
            let mut digits = String::new();
            while let Some(digit) = ahead.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let least = number(&mut ahead)?;
        let most = if ahead.next_if_eq(&',').is_some() { number(&mut ahead) } else { Some(least) };
        (ahead.peek() == Some(&'}')).then(|| {
            self.rest = ahead;
            (least, most)
        })
    }

    fn parenthesis(&mut self) -> Result<Node, String> {
        let mut name = None;
        let mut look = None;
        let mut counted = true;
        if self.eat('?') {
            let python = self.eat('P');
            match (self.rest.next(), self.rest.peek().copied()) {
                (Some(':'), _) if !python => counted = false,
                (Some('='), _) if !python => look = Some(Look { ahead: true, found: true }),
                (Some('!'), _) if !python => look = Some(Look { ahead: true, found: false }),
                (Some('<'), Some('=' | '!')) if !python => {
                    look = Some(Look { ahead: false, found: self.rest.next() == Some('=') });
                }
                (Some('<'), _) => name = Some(self.name()?),
                (other, _) => {
                    let python = if python { "P" } else { "" };
                    return Err(format!(
                        "`(?{python}{}` is not known here",
                        other.map(String::from).unwrap_or_default()
                    ));
                }
            }
        }
        let index = self.names.len();
        if look.is_none() && counted {
            self.names.push(name);
        }
        let node = Box::new(self.either()?);
        if !self.eat(')') {
            return Err("a `(` is not closed".to_owned());
        }
        Ok(match look {
            Some(look) => Node::Look(look, node),
            None if counted => Node::Group(node, index),
            None => *node,
        })
    }

    /// A name up to `>`.
    fn name(&mut self) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('>') => return Ok(name),
                Some(char) => name.push(char),
                None => return Err("a `<` is not closed".to_owned()),
            }
        }
    }

    fn escape(&mut self) -> Result<Node, String> {
        Ok(match self.rest.peek() {
            Some('b') => self.skip(Node::Edge(true)),
            Some('B') => self.skip(Node::Edge(false)),
            Some('A') => self.skip(Node::Start),
            Some('Z' | 'z') => self.skip(Node::End),
            Some('k') => {
                self.rest.next();
                if !self.eat('<') {
                    return Err("`\\k` has no name".to_owned());
                }
                let name = self.name()?;
                self.back(name)
            }
            Some('1'..='9') => {
                let mut number = String::new();
                while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                self.back(number)
            }
            _ => Node::Class(Rc::new(self.escaped_class()?)),
        })
    }

    fn skip(&mut self, node: Node) -> Node {
        self.rest.next();
        node
    }

    fn back(&mut self, name: String) -> Node {
        self.wanted.push(name);
        Node::Back(self.wanted.len() - 1)
    }

    /// What an escape stands for, in a class or outside.
    fn escaped_class(&mut self) -> Result<Class, String> {
        let char = self.rest.next().ok_or("it ends with `\\`")?;
        Ok(match char {
            'd' => Class::digit(),
            'D' => Class::digit().inverse(),
            'w' => Class::word(),
            'W' => Class::word().inverse(),
            's' => Class::space(),
            'S' => Class::space().inverse(),
            'p' | 'P' => {
                let name = if self.eat('{') { self.braced()? } else { String::new() };
                let class = Class::property(&name).ok_or_else(|| format!("`\\{char}{{{name}}}` is not known here"))?;
                if char == 'p' { class } else { class.inverse() }
            }
            'n' => Class::one('\n'),
            'r' => Class::one('\r'),
            't' => Class::one('\t'),
            'v' => Class::one('\u{b}'),
            'f' => Class::one('\u{c}'),
            '0' => Class::one('\0'),
            'c' => {
                let letter = self.rest.next().filter(char::is_ascii_alphabetic).ok_or("`\\c` has no letter")?;
                Class::one(char::from(letter as u8 % 32))
            }
            'x' => Class::one(self.code(2)?),
            'u' => Class::one(self.unicode()?),
            char if char.is_ascii_alphanumeric() => return Err(format!("`\\{char}` is not known here")),
            char => Class::one(char),
        })
    }

    fn braced(&mut self) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('}') => return Ok(name),
                Some(char) => name.push(char),
                None => return Err("a `{` is not closed".to_owned()),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, String> {
        if self.eat('{') {
            let digits = self.braced()?;
            let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
            return code.ok_or_else(|| format!("`\\u{{{digits}}}` is no character"));
        }
        let first = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| format!("`\\u{first:04x}` is no character"));
        }
        let second = if self.eat('\\') && self.eat('u') { self.hex(4)? } else { 0 };
        let code = 0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00);
        let code = (0xdc00..0xe000).contains(&second).then_some(code).and_then(char::from_u32);
        code.ok_or_else(|| format!("`\\u{first:04x}` is half a character"))
    }

    fn code(&mut self, digits: usize) -> Result<char, String> {
        let code = self.hex(digits)?;
        char::from_u32(code).ok_or_else(|| format!("{code:x} is no character"))
    }

    fn hex(&mut self, digits: usize) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|char| char.to_digit(16));
            code = code * 16 + digit.ok_or("`\\x` or `\\u` has too few digits")?;
        }
        Ok(code)
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<Class, String> {
        let inverse = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            let char = self.rest.next().ok_or("a `[` is not closed")?;
            if char == ']' {
                break;
            }
            let Some(first) = self.member(char, &mut ranges)? else { continue };
            let mut ahead = self.rest.clone();
            let last = match (ahead.next(), ahead.next()) {
                (Some('-'), Some(last)) if last != ']' => {
                    self.rest.next();
                    self.rest.next();
                    self.member(last, &mut ranges)?
                }
                _ => Some(first),
            };
            match last {
                Some(last) if last < first => return Err(format!("the range `{first}-{last}` is backwards")),
                Some(last) => ranges.push((first as u32, last as u32)),
                // A class at the end of a range: the three stand for themselves.
                None => ranges.extend([(first as u32, first as u32), ('-' as u32, '-' as u32)]),
            }
        }
        let class = Class::new(&ranges);
        Ok(if inverse { class.inverse() } else { class })
    }

    /// One member of a class that begins with this character; none where it is a class, which joins the ranges.
    fn member(&mut self, char: char, ranges: &mut Vec<(u32, u32)>) -> Result<Option<char>, String> {
        if char != '\\' {
            return Ok(Some(char));
        }
        if self.eat('b') {
            return Ok(Some('\u{8}'));
        }
        let class = self.escaped_class()?;
        Ok(match class.ranges() {
            &[(start, end)] if start == end => char::from_u32(start),
            more => {
                ranges.extend_from_slice(more);
                None
            }
        })
    }
}
