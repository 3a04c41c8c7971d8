//! Texts that a regular expression matches.
//!
//! Every part is given a share of the wanted length that leaves the parts behind it room for theirs.

use standin_sdk::context::{below, pick};

use super::Node;

const ENDLESS: u32 = u32::MAX;
/// The most characters that are ever made.
const LONGEST: usize = 200_000;

struct Maker {
    text: String,
    length: u32,
    groups: Vec<String>,
    attempt: u32,
}

pub(super) fn make(node: &Node, groups: usize, (least, most): (u32, u32), attempt: u32) -> Option<String> {
    let mut maker = Maker { text: String::new(), length: 0, groups: vec![String::new(); groups], attempt };
    let (start, end) = (anchored(node, true), anchored(node, false));
    let missing = least.saturating_sub(width(node).1);
    // A pattern that is open at an end may have anything there.
    let before = if start {
        0
    } else if end {
        missing
    } else {
        below(u64::from(missing) + 1) as u32
    };
    maker.filler(before);
    let after = if end { 0 } else { missing - before };
    maker.add(node, least.saturating_sub(before + after), most.saturating_sub(before + after))?;
    maker.filler(after);
    Some(maker.text)
}

/// Whether something holds the pattern to the start, or to the end, of the text.
fn anchored(node: &Node, start: bool) -> bool {
    match node {
        Node::Start => start,
        Node::End => !start,
        Node::Sequence(nodes) => nodes.iter().any(|node| anchored(node, start)),
        Node::Either(branches) => branches.iter().any(|node| anchored(node, start)),
        Node::Group(node, _) | Node::Repeat { node, .. } => anchored(node, start),
        Node::Look(..) | Node::Class(_) | Node::Edge(_) | Node::Back(_) => false,
    }
}

/// The least and the most characters that a part may have.
fn width(node: &Node) -> (u32, u32) {
    match node {
        Node::Class(_) => (1, 1),
        Node::Sequence(nodes) => nodes
            .iter()
            .map(width)
            .fold((0, 0), |sum, next| (sum.0.saturating_add(next.0), sum.1.saturating_add(next.1))),
        Node::Either(branches) => {
            branches.iter().map(width).fold((ENDLESS, 0), |sum, next| (sum.0.min(next.0), sum.1.max(next.1)))
        }
        Node::Repeat { node, least, most } => {
            let (short, long) = width(node);
            let most = if long == 0 { 0 } else { most.unwrap_or(ENDLESS) };
            (short.saturating_mul(*least), long.saturating_mul(most))
        }
        Node::Group(node, _) => width(node),
        Node::Start | Node::End | Node::Edge(_) | Node::Look(..) => (0, 0),
        Node::Back(_) => (0, ENDLESS),
    }
}

impl Maker {
    fn filler(&mut self, length: u32) {
        for _ in 0..length {
            self.push(char::from(b'a' + below(26) as u8));
        }
    }

    fn push(&mut self, char: char) {
        self.text.push(char);
        self.length += 1;
    }

    fn add(&mut self, node: &Node, least: u32, most: u32) -> Option<()> {
        if self.text.len() > LONGEST {
            return None;
        }
        match node {
            Node::Class(class) => self.push(class.pick(self.attempt > 1)?),
            Node::Sequence(nodes) => self.sequence(&nodes.iter().collect::<Vec<_>>(), least, most)?,
            Node::Either(branches) => {
                let fits = |node: &&Node| {
                    let (short, long) = width(node);
                    short <= most && long >= least
                };
                let fitting: Vec<_> = branches.iter().filter(fits).collect();
                let branch = if fitting.is_empty() { pick(branches)? } else { pick(&fitting)? };
                self.add(branch, least, most)?;
            }
            Node::Repeat { node, least: fewest, most: highest } => {
                let times = self.times(node, (*fewest, highest.unwrap_or(ENDLESS)), least, most);
                self.sequence(&vec![&**node; times as usize], least, most)?;
            }
            Node::Group(node, index) => {
                let start = self.text.len();
                self.add(node, least, most)?;
                self.groups[*index] = self.text[start..].to_owned();
            }
            Node::Back(index) => {
                for char in self.groups[*index].clone().chars() {
                    self.push(char);
                }
            }
            Node::Start | Node::End | Node::Edge(_) | Node::Look(..) => {}
        }
        Some(())
    }

    /// How often a part is repeated.
    fn times(&self, node: &Node, (fewest, highest): (u32, u32), least: u32, most: u32) -> u32 {
        let (short, long) = width(node);
        let needed = if long == 0 { 0 } else { least.div_ceil(long) };
        let room = most.checked_div(short).unwrap_or(ENDLESS);
        let low = fewest.max(needed.min(highest));
        let high = highest.min(room).max(low);
        // A few more than have to be; look-ahead may want many more, which later attempts find out.
        let usual = if matches!(node, Node::Class(_)) { 7 } else { 2 };
        let more = usual * (1 + self.attempt / 4).min(8);
        low + below(u64::from((high - low).min(more)) + 1) as u32
    }

    fn sequence(&mut self, nodes: &[&Node], least: u32, most: u32) -> Option<()> {
        let widths: Vec<_> = nodes.iter().map(|node| width(node)).collect();
        // What the parts behind each one need and can take.
        let mut behind = vec![(0, 0); nodes.len()];
        for index in (1..nodes.len()).rev() {
            let (next, sum): ((u32, u32), (u32, u32)) = (widths[index], behind[index]);
            behind[index - 1] = (sum.0.saturating_add(next.0), sum.1.saturating_add(next.1));
        }
        let start = self.length;
        for (index, node) in nodes.iter().enumerate() {
            let done = self.length - start;
            let left = (least.saturating_sub(done), most.saturating_sub(done));
            let (short, long) = widths[index];
            let low = left.0.saturating_sub(behind[index].1).clamp(short, long);
            let high = left.1.saturating_sub(behind[index].0).clamp(low, long.max(low));
            self.add(node, low, high)?;
        }
        Some(())
    }
}
