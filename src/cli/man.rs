//! `gazetted man`: writes the manual pages.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::help::{self, Section};
use super::{CliError, CommandResult};

/// Write the manual.
///
/// Prints the page of the program, or writes it and a page of each command to a directory.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The directory, which is made if there is none.
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> CommandResult {
        let program = <super::Cli as clap::CommandFactory>::command();
        let mut program = program.disable_help_subcommand(true);
        program.build();
        match self.directory {
            None => page(program, "gazetted", &mut io::stdout())?,
            Some(directory) => std::fs::create_dir_all(&directory)
                .and_then(|()| pages(program, "gazetted", &directory))
                .map_err(|error| CliError::because(format!("{}: {error}", directory.display())))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the page of a command, and those of the commands below it. `about` is the command
/// of the program that they belong to.
fn pages(command: clap::Command, about: &str, directory: &Path) -> io::Result<()> {
    let is_program = about == "gazetted";
    for nested in command.get_subcommands().filter(|nested| !nested.is_hide_set()) {
        let about = if is_program { nested.get_name().to_owned() } else { about.to_owned() };
        pages(nested.clone().disable_help_subcommand(true), &about, directory)?;
    }
    let name = command.get_display_name().unwrap_or(command.get_name());
    let file = directory.join(format!("{name}.1"));
    let mut out = io::BufWriter::new(std::fs::File::create(file)?);
    page(command, about, &mut out)?;
    out.flush()
}

/// Writes one page, with the sections that every help text ends with.
fn page(command: clap::Command, about: &str, out: &mut dyn Write) -> io::Result<()> {
    let has_commands = command.has_subcommands();
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let man = clap_mangen::Man::new(command).title(name);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if has_commands {
        man.render_subcommands_section(out)?;
    }
    for Section { title, entries } in help::sections(about) {
        writeln!(out, ".SH \"{title}\"")?;
        for (name, meaning) in entries {
            writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(&name), escaped(&meaning))?;
        }
    }
    man.render_version_section(out)
}

/// Text for roff, in which a backslash, a hyphen and the first character of a line mean something.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
