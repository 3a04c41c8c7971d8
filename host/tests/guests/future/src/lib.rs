//! A strategy of a contract to come: `standin:plugin@0.2.0`.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package standin:plugin@0.2.0;
            interface lifecycle { configure: func() -> result<_, string>; }
            interface strategy { respond: func() -> result<string, string>; }
            world plugin { export lifecycle; export strategy; }
        ",
    });
}

use bindings::exports::standin::plugin::{lifecycle, strategy};

struct Future;

impl lifecycle::Guest for Future {
    fn configure() -> Result<(), String> {
        Ok(())
    }
}

impl strategy::Guest for Future {
    fn respond() -> Result<String, String> {
        Ok("hello from the future".to_owned())
    }
}

bindings::export!(Future with_types_in bindings);
