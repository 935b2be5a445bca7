//! Tests of the page of `crosshead serve` in Chromium. `cargo xtask test --browser` builds what they need and runs them; an argument
//! selects the tests whose names contain it.

#![allow(clippy::print_stdout, reason = "a test runner")]

mod appearance;
mod browser;
mod fixtures;
mod keyboard;
mod programs;
mod servers;
mod views;

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};

use browser::Browser;
use servers::Servers;

/// Runs one test.
macro_rules! tests {
    ($browser:ident, $servers:ident, $filter:ident, [$($($path:ident)::+),+ $(,)?]) => {{
        let mut failures = 0_usize;
        $(
            let name = stringify!($($path)::+).replace(' ', "");
            if name.contains(&$filter) {
                let start = Instant::now();
                $browser.reset().await?;
                let outcome = $($path)::+(&$browser, &$servers).await;
                let outcome = match outcome {
                    Ok(()) => $browser.check_for_problems().await,
                    failed => failed,
                };
                match outcome {
                    Ok(()) => println!("{name} ... ok ({:.1} s)", start.elapsed().as_secs_f64()),
                    Err(error) => {
                        println!("{name} ... FAILED: {error:#}");
                        $browser.screenshot(&format!("failed-{}", name.replace("::", "-"))).await?;
                        failures += 1;
                    }
                }
            }
        )+
        failures
    }};
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let filter = env::args().nth(1).unwrap_or_default();
    let servers = Servers::start()?;
    let browser = Browser::start().await?;
    let failures = tests!(
        browser,
        servers,
        filter,
        [
            views::translate::a_text_is_translated_while_it_is_written,
            views::translate::sentences_with_abbreviations_stay_whole,
            views::translate::words_show_where_they_come_from,
            views::translate::a_chosen_word_completes_the_sentence_anew,
            views::translate::a_foreign_text_gets_a_warning,
            views::translate::a_glossary_term_is_used,
            views::translate::a_document_is_translated,
            views::attention::a_head_is_drawn_as_lines_and_as_a_matrix,
            views::attention::the_drawing_is_saved,
            views::texts::copied_words_are_marked,
            views::texts::labels_and_the_words_that_mattered_are_shown,
            views::texts::masks_are_filled,
            views::texts::the_same_sentence_is_the_most_similar,
            views::texts::two_models_are_compared,
            views::generate::tokens_have_probabilities,
            views::generate::a_text_can_be_stopped,
            views::training::a_run_is_drawn_while_it_trains,
            views::access::views_without_a_model_say_how_to_start_one,
            views::access::a_key_is_asked_for,
            views::access::errors_are_shown_in_place,
            keyboard::tabs_follow_the_arrow_keys,
            keyboard::a_word_is_replaced_without_a_pointer,
            keyboard::every_control_can_be_reached,
            appearance::colors_follow_the_system_and_the_switch,
            appearance::every_view_is_accessible_and_fits,
        ]
    );
    browser.quit().await?;
    ensure!(failures == 0, "{failures} test(s) failed; their screenshots are in target/browser/");
    Ok(())
}
