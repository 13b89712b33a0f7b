//! `gazetted try`: shows the stored stories that a query matches.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use super::{
    CliError, CommandResult, ConfigFile, ask, nearest, output, print_error, print_json, print_line,
};
use crate::control_characters::printable;
use crate::inquiry::Question;
use crate::inquiry::try_query::{
    self, CaughtReport, NearReport, StoryLine, TrialAnswer, TrialReport, VersusReport,
};
use crate::model::{LookBack, TopicId};
use crate::publish::{Marked, Week};

/// Say what a query would have caught among the stored stories.
///
/// The query may use the vocabularies of the configuration: of the one that is
/// in force, where a daemon runs. Exits with 1 when it is not a query, or no topic is called as `--topic` says.
#[derive(Debug, Args)]
pub(super) struct Try {
    /// In the language of topics: sanctions AND title:(Russia OR Belarus).
    query: String,
    /// How far to look back, by the stories' dates.
    ///
    /// A span such as 30d, 12w or 2y, or all. Without it 90 days, and everything where those
    /// hold no story.
    #[arg(long, value_name = "SPAN")]
    since: Option<LookBack>,
    /// Say what it adds to this topic and what it loses.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// How many of the newest stories to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    sample: usize,
    /// List the stories that are one term short, or that a NOT leaves out, the nearest first.
    #[arg(long)]
    near: bool,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// How many stories `--near` lists.
const NEAR: usize = 20;

impl Try {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let target = config.target()?;
        // A mistake in the query is reported before anything that is wrong with the store.
        if let Ok(plan) = &target.plan
            && let Err(problems) = plan.queries.alone(&TopicId::new("query"), &self.query)
        {
            return Err(not_a_query(&try_query::told(&problems, &self.query)));
        }
        let question = Question::Try {
            query: self.query,
            span: self.since.unwrap_or_default(),
            topic: self.topic.map(TopicId::new),
            sample: self.sample,
            near: if self.near { NEAR } else { 0 },
        };
        let mut answer = None;
        ask::ask(&target, question, |value| answer = Some(value))?;
        let answer = answer.and_then(|value| serde_json::from_value(value).ok());
        let report = match answer {
            Some(TrialAnswer::Tried(report)) => report,
            Some(TrialAnswer::Refused(problems)) => {
                return Err(not_a_query(&problems));
            }
            Some(TrialAnswer::UnknownTopic { topic, known }) => {
                let known = known.iter().map(TopicId::as_str);
                return Err(CliError::because(nearest::unknown("topic", topic.as_str(), known)));
            }
            None => return Err(CliError::because("the daemon's answer is not understood")),
        };
        if self.json {
            print_json(&report);
        } else {
            print(&report);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn not_a_query(problems: &[String]) -> CliError {
    CliError::because(format!("not a query\n\n{}", problems.join("\n\n")))
}

fn print(report: &TrialReport) {
    let TrialReport { count, looked_at, since, span, .. } = report;
    for warning in &report.warnings {
        print_error(format_args!("warning:\n{warning}\n"));
    }
    let day = since.get(..10).unwrap_or(since);
    match span.as_str() {
        "all time" => print_line(format_args!("{count} of all {looked_at} stories")),
        _ => print_line(format_args!("{count} of {looked_at} stories since {day}")),
    };
    if !report.weeks.is_empty() {
        print_line("");
        chart(&report.weeks).iter().for_each(|line| {
            print_line(line);
        });
    }
    let style = Style::of_terminal();
    for CaughtReport { story, marked_title, excerpt } in &report.sample {
        output::print_styled(format_args!("\n{}  {}", date(story), style.show(marked_title)));
        print_line(format_args!("            {}", address(story)));
        if !excerpt.is_empty() {
            output::print_styled(format_args!("            {}", style.show(excerpt)));
        }
    }
    if *count > report.sample.len() && !report.sample.is_empty() {
        print_line(format_args!("\nand {} older", count - report.sample.len()));
    }
    if let Some(VersusReport { topic, added, adds, lost, loses }) = &report.versus {
        print_line(format_args!("\nAgainst the topic {topic}: +{added} −{lost}"));
        stories('+', *added, adds);
        stories('-', *lost, loses);
    } else if !report.alike.is_empty() {
        print_line(format_args!("\nNearly the same as the topic {}", report.alike.join(", ")));
    }
    if !report.near.is_empty() {
        print_line("\nNearly in it:");
    }
    for NearReport { story, lacking } in &report.near {
        print_line(format_args!("  {}  {}", date(story), story.title));
        print_line(format_args!("              {lacking}"));
        print_line(format_args!("              {}", address(story)));
    }
    if !report.advice.is_empty() {
        print_line("\nFrom the archive:");
    }
    for advice in &report.advice {
        print_line(format_args!("  {advice}"));
    }
}

/// Stories that come or go, a line each.
pub(super) fn stories(sign: char, count: usize, stories: &[StoryLine]) {
    for story in stories {
        print_line(format_args!("  {sign} {}  {}", date(story), story.title));
        print_line(format_args!("                {}", address(story)));
    }
    if count > stories.len() {
        print_line(format_args!("  {sign} and {} older", count - stories.len()));
    }
}

fn date(story: &StoryLine) -> &str {
    story.dated.get(..10).unwrap_or(&story.dated)
}

/// Where to read it: what `explain` takes.
fn address(story: &StoryLine) -> String {
    format!("{} ({})", story.url.as_ref().unwrap_or(&story.id), story.source)
}

/// A line a week; a long silence is one line.
fn chart(weeks: &[Week]) -> Vec<String> {
    const SILENCE: usize = 4;
    let mut lines = Vec::new();
    for stretch in weeks.chunk_by(|a, b| a.count == 0 && b.count == 0) {
        match stretch {
            [first, .., last] if stretch.len() >= SILENCE => {
                let weeks = stretch.len();
                lines.push(format!("{} to {}: {weeks} weeks without", first.week, last.week));
            }
            _ => lines.extend(stretch.iter().map(|week| bar(week, weeks))),
        }
    }
    lines
}

/// One week of the chart; the longest bar belongs to the fullest week.
fn bar(week: &Week, weeks: &[Week]) -> String {
    const LONGEST: usize = 40;
    let most = weeks.iter().map(|week| week.count).max().unwrap_or_default().max(1);
    let length = (week.count * LONGEST).div_ceil(most);
    let line = format!("{}  {:>5}  {}", week.week, week.count, "█".repeat(length));
    line.trim_end().to_owned()
}

/// How what was searched for is shown.
struct Style {
    before: &'static str,
    after: &'static str,
}

impl Style {
    /// Bold on a terminal, in brackets in a file, as `explain` has it.
    fn of_terminal() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if std::io::stdout().is_terminal() && !plain {
            Self { before: "\u{1b}[1m", after: "\u{1b}[0m" }
        } else {
            Self { before: "[", after: "]" }
        }
    }

    fn show(&self, parts: &[Marked]) -> String {
        let show = |part: &Marked| match (part.marked, printable(&part.text)) {
            (true, text) => format!("{}{text}{}", self.before, self.after),
            (false, text) => text.into_owned(),
        };
        parts.iter().map(show).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_week_has_the_longest_bar_and_no_story_is_lost_in_a_short_one() {
        let week = |count| Week { week: "2025-W14".into(), monday: "2025-03-31".into(), count };
        let weeks = [week(1000), week(500), week(1), week(0)];
        let lengths = weeks.each_ref().map(|week| bar(week, &weeks).matches('█').count());
        assert_eq!(lengths, [40, 20, 1, 0]);
        assert_eq!(bar(&weeks[3], &weeks), "2025-W14      0");
    }

    #[test]
    fn a_long_silence_is_one_line_and_a_short_one_is_not() {
        let week = |count| Week { week: "2025-W14".into(), monday: "2025-03-31".into(), count };
        let lines = |counts: &[usize]| {
            let weeks: Vec<_> = counts.iter().map(|count| week(*count)).collect();
            chart(&weeks).len()
        };
        assert_eq!(lines(&[1, 0, 0, 0, 2]), 5);
        assert_eq!(lines(&[1, 0, 0, 0, 0, 2, 0]), 4);
        assert_eq!(lines(&[0, 0, 0, 0, 0]), 1);
    }
}
