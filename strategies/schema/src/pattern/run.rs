//! Whether a regular expression matches: a backtracking machine that never tries the same step at the same place twice, so
//! that no pattern takes longer than its size times the text's. Only back-references need the steps again, and are bounded by
//! the budget.

use std::rc::Rc;

use super::class::Class;
use super::{Look, Node};
use crate::budget::{Budget, Spent};

const LARGEST: usize = 20_000;
/// A count above this is as good as none: no text of such a length is ever looked at closely.
const COUNTED: u32 = 1_000;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// It has back-references.
    recalls: bool,
    /// How many places a way has to remember.
    slots: usize,
}

#[derive(Debug)]
enum Step {
    Class(Rc<Class>),
    /// Here first, then there.
    Fork(usize, usize),
    Jump(usize),
    Save(usize),
    /// Not at the saved place any more: a repetition of nothing would never end.
    Moved(usize),
    Start,
    End,
    Edge(bool),
    Look(Look, Program),
    Back(usize),
    Done,
}

/// One way that is still to be tried.
struct Way {
    step: usize,
    at: usize,
    /// Where each group starts and ends, in pairs.
    saved: Vec<usize>,
}

/// The steps that were tried, each at each place.
struct Tried {
    bits: Vec<u64>,
    places: usize,
}

impl Program {
    pub(super) fn new(node: &Node, groups: usize) -> Result<Self, String> {
        let mut program = Self { steps: Vec::new(), recalls: false, slots: groups * 2 };
        program.add(node)?;
        program.steps.push(Step::Done);
        Ok(program)
    }

    fn push(&mut self, step: Step) -> Result<usize, String> {
        if self.steps.len() >= LARGEST {
            return Err("it is too large".to_owned());
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn add(&mut self, node: &Node) -> Result<(), String> {
        match node {
            Node::Class(class) => self.push(Step::Class(Rc::clone(class))).map(|_| ())?,
            Node::Sequence(nodes) => nodes.iter().try_for_each(|node| self.add(node))?,
            Node::Either(branches) => {
                let mut ends = Vec::new();
                for (index, branch) in branches.iter().enumerate() {
                    if index + 1 == branches.len() {
                        self.add(branch)?;
                    } else {
                        let fork = self.push(Step::Fork(0, 0))?;
                        self.add(branch)?;
                        ends.push(self.push(Step::Jump(0))?);
                        self.steps[fork] = Step::Fork(fork + 1, self.steps.len());
                    }
                }
                for end in ends {
                    self.steps[end] = Step::Jump(self.steps.len());
                }
            }
            Node::Repeat { node, least, most } => {
                for _ in 0..*least {
                    self.add(node)?;
                }
                match most.map(|most| most - least) {
                    Some(more) if more <= COUNTED => {
                        let mut forks = Vec::new();
                        for _ in 0..more {
                            forks.push(self.push(Step::Fork(0, 0))?);
                            self.add(node)?;
                        }
                        for fork in forks {
                            self.steps[fork] = Step::Fork(fork + 1, self.steps.len());
                        }
                    }
                    _ => {
                        let fork = self.push(Step::Fork(0, 0))?;
                        self.slots += 1;
                        let slot = self.slots - 1;
                        self.push(Step::Save(slot))?;
                        self.add(node)?;
                        self.push(Step::Moved(slot))?;
                        self.push(Step::Jump(fork))?;
                        self.steps[fork] = Step::Fork(fork + 1, self.steps.len());
                    }
                }
            }
            Node::Group(node, index) => {
                self.push(Step::Save(index * 2))?;
                self.add(node)?;
                self.push(Step::Save(index * 2 + 1))?;
            }
            Node::Start => self.push(Step::Start).map(|_| ())?,
            Node::End => self.push(Step::End).map(|_| ())?,
            Node::Edge(edge) => self.push(Step::Edge(*edge)).map(|_| ())?,
            Node::Look(look, node) => {
                let program = Self::new(node, self.slots / 2 + 1)?;
                self.push(Step::Look(*look, program))?;
            }
            Node::Back(index) => {
                self.recalls = true;
                self.push(Step::Back(*index))?;
            }
        }
        Ok(())
    }

    /// Whether it matches anywhere.
    pub(super) fn search(&self, text: &[char], budget: &Budget) -> Result<bool, Spent> {
        let mut tried = self.untried(text, budget)?;
        for start in 0..=text.len() {
            if self.run(text, start, None, &mut tried, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn untried(&self, text: &[char], budget: &Budget) -> Result<Tried, Spent> {
        let places = text.len() + 1;
        let words = (self.steps.len() * places).div_ceil(64);
        budget.spend(words / 16)?;
        Ok(Tried { bits: vec![0; words], places })
    }

    /// Whether it matches from here on, and up to an end where there is one.
    fn run(
        &self,
        text: &[char],
        start: usize,
        end: Option<usize>,
        tried: &mut Tried,
        budget: &Budget,
    ) -> Result<bool, Spent> {
        let mut ways = vec![Way { step: 0, at: start, saved: Vec::new() }];
        while let Some(mut way) = ways.pop() {
            loop {
                budget.spend(1)?;
                if !self.recalls && !tried.first(way.step, way.at) {
                    break;
                }
                let next = way.step + 1;
                way.step = match &self.steps[way.step] {
                    Step::Done if end.is_none_or(|end| end == way.at) => return Ok(true),
                    Step::Class(class) if text.get(way.at).is_some_and(|char| class.contains(*char)) => {
                        way.at += 1;
                        next
                    }
                    Step::Fork(here, there) => {
                        ways.push(Way { step: *there, at: way.at, saved: way.saved.clone() });
                        *here
                    }
                    Step::Jump(there) => *there,
                    Step::Save(slot) => {
                        way.save(*slot, self.recalls);
                        next
                    }
                    Step::Moved(slot) if !self.recalls || way.saved.get(*slot) != Some(&way.at) => next,
                    Step::Start if way.at == 0 => next,
                    Step::End if way.at == text.len() => next,
                    Step::Edge(edge) if *edge == is_edge(text, way.at) => next,
                    Step::Look(look, program) if look.found == program.looks(*look, text, way.at, budget)? => next,
                    Step::Back(group) => {
                        let said = way.recall(*group, text);
                        if !text[way.at..].starts_with(said) {
                            break;
                        }
                        way.at += said.len();
                        next
                    }
                    _ => break,
                };
            }
        }
        Ok(false)
    }

    fn looks(&self, look: Look, text: &[char], at: usize, budget: &Budget) -> Result<bool, Spent> {
        let mut tried = self.untried(text, budget)?;
        if look.ahead {
            return self.run(text, at, None, &mut tried, budget);
        }
        for start in (0..=at).rev() {
            if self.run(text, start, Some(at), &mut tried, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Way {
    fn save(&mut self, slot: usize, recalls: bool) {
        if recalls {
            if self.saved.len() <= slot {
                self.saved.resize(slot + 1, usize::MAX);
            }
            self.saved[slot] = self.at;
        }
    }

    /// What a group matched; nothing where it did not.
    fn recall<'t>(&self, group: usize, text: &'t [char]) -> &'t [char] {
        match (self.saved.get(group * 2), self.saved.get(group * 2 + 1)) {
            (Some(&start), Some(&end)) => text.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Tried {
    /// Whether this step comes to this place for the first time.
    fn first(&mut self, step: usize, at: usize) -> bool {
        let bit = step * self.places + at;
        let word = &mut self.bits[bit / 64];
        let first = *word & (1 << (bit % 64)) == 0;
        *word |= 1 << (bit % 64);
        first
    }
}

fn is_edge(text: &[char], at: usize) -> bool {
    let is_word = |index: Option<usize>| {
        index.and_then(|index| text.get(index)).is_some_and(|char| char.is_ascii_alphanumeric() || *char == '_')
    };
    is_word(at.checked_sub(1)) != is_word(Some(at))
}
