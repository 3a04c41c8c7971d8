//! A good strategy, but for an import which no host offers.

use standin_sdk::{Outcome, Plugin, Reply, Request, Result};

mod elsewhere {
    wit_bindgen::generate!({
        inline: "
            package example:elsewhere@1.2.3;
            interface oracle { ask: func(question: string) -> string; }
            world asking { import oracle; }
        ",
    });
}

struct UnknownImport;

impl Plugin for UnknownImport {
    type Settings = ();

    fn new(_: ()) -> Result<Self> {
        Ok(Self)
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let question = request.last_user_text().unwrap_or_default();
        Ok(Reply::text(elsewhere::example::elsewhere::oracle::ask(&question)).into())
    }
}

standin_sdk::export!(UnknownImport);
