//! `standin new`: the small project that an author begins with, in any of nine languages.
