//! What came of tests, as JUnit's XML: for CI.

use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::run::{Ran, Wrong};
use super::tell::{Paint, explain};

/// The report. Files are named relative to `root` where they lie below it.
///
/// # Errors
/// It cannot be written as XML.
pub fn report(files: &[Ran], root: &Path) -> Result<String, String> {
    let mut report = Report::new("standin test");
    for ran in files {
        let file = ran.suite.written.file();
        let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let mut suite = TestSuite::new(shown.clone());
        for case in &ran.cases {
            let mut status = match case.failures.first() {
                None => TestCaseStatus::success(),
                Some(first) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(match &first.what {
                        Wrong::Different { .. } => "something else came than was expected",
                        Wrong::Unexpected(_) => "nothing is expected yet",
                        Wrong::Leaks { .. } => "a used instance answers otherwise than a fresh one",
                        Wrong::Request(_) => "the request cannot be made",
                    });
                    status
                }
            };
            let place = format!("{shown}:{}", case.line);
            let told: String = case.failures.iter().map(|it| explain(it, &place, Paint::Plain)).collect();
            if !told.is_empty() {
                status.set_description(told);
            }
            let mut test = TestCase::new(case.name.clone(), status);
            test.set_classname(shown.clone());
            test.set_time(case.duration);
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}
