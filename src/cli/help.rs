//! Examples, exit codes, files and environment: the end of every help text and manual page.

use std::fmt::Write as _;

/// Examples of a command, each with what it does, and the exit codes that it alone has.
struct Guide {
    command: &'static str,
    examples: &'static [(&'static str, &'static str)],
    codes: &'static [(&'static str, &'static str)],
}

const GUIDES: [Guide; 21] = [
    Guide {
        command: "init",
        examples: &[
            ("gazetted init", "write ./gazetted.toml, which reads five departments of GOV.UK"),
            ("gazetted init news --opml list.opml", "read the feeds of a reading list"),
            ("gazetted init news --url www.example.org", "find the feed of a site"),
            (
                "gazetted init news --govuk home-office hm-treasury",
                "read organisations of GOV.UK in full",
            ),
        ],
        codes: &[("1", "There is a configuration already, or a feed was not found.")],
    },
    Guide {
        command: "source",
        examples: &[
            ("gazetted source add www.example.org", "find the feed of a site and add it"),
            ("gazetted source add --govuk cabinet-office", "add an organisation of GOV.UK"),
        ],
        codes: &[("1", "A feed was not found.")],
    },
    Guide {
        command: "run",
        examples: &[("gazetted run --config news/gazetted.toml", "poll and serve until stopped")],
        codes: &[],
    },
    Guide {
        command: "check",
        examples: &[
            ("gazetted check", "report everything that is wrong with the configuration"),
            (
                "gazetted check --archive --since 30d",
                "and the stories that each topic would gain and lose",
            ),
            ("gazetted check --store --repair", "save what can be read of a damaged store"),
        ],
        codes: &[
            ("1", "A topic's sample fails."),
            ("2", "With --archive: a topic would gain or lose stories, appear or go."),
        ],
    },
    Guide {
        command: "poll",
        examples: &[
            ("gazetted poll home-office", "poll one source, if its hold and floor allow it"),
            ("gazetted poll --now home-office", "poll it once all the same"),
        ],
        codes: &[("1", "A source failed, or was not polled.")],
    },
    Guide {
        command: "parse",
        examples: &[
            ("gazetted parse https://www.example.org/feed", "show what an address is read as"),
            (
                "curl -s https://www.example.org/feed | gazetted parse -",
                "the same of the standard input",
            ),
        ],
        codes: &[],
    },
    Guide {
        command: "explain",
        examples: &[
            (
                "gazetted explain https://www.gov.uk/government/news/x",
                "why its entries are one story, and its topics",
            ),
            (
                "gazetted explain --file --topic sanctions STORY",
                "by the topic as the file has it now",
            ),
        ],
        codes: &[("1", "No stored story has this address or id.")],
    },
    Guide {
        command: "try",
        examples: &[
            (
                "gazetted try 'sanctions NEAR/6 Kosovo'",
                "the stories of 90 days that a query matches",
            ),
            (
                "gazetted try --topic sanctions 'sanctions OR embargo'",
                "what it adds to a topic and loses",
            ),
        ],
        codes: &[("1", "It is not a query.")],
    },
    Guide {
        command: "status",
        examples: &[
            ("gazetted status", "every source: last news, next poll, trouble"),
            ("gazetted status home-office", "all that is known of one source"),
            ("gazetted status --ready", "for health checks: is the daemon ready?"),
        ],
        codes: &[("1", "A named source is unknown; with --ready, no daemon is ready.")],
    },
    Guide {
        command: "reload",
        examples: &[(
            "gazetted reload",
            "put the changed configuration in force and list the changes",
        )],
        codes: &[(
            "78",
            "The configuration cannot be used, or `reload = \"strict\"` and a sample fails.",
        )],
    },
    Guide {
        command: "log",
        examples: &[
            ("gazetted log debug", "log more until the next reload"),
            ("gazetted log info,gazetted::fetch=debug", "log more of one part"),
        ],
        codes: &[],
    },
    Guide {
        command: "split",
        examples: &[(
            "gazetted split STORY https://www.example.org/entry",
            "take an entry out of a story",
        )],
        codes: &[],
    },
    Guide {
        command: "join",
        examples: &[(
            "gazetted join https://a.example/1 https://b.example/2",
            "make one story of two",
        )],
        codes: &[],
    },
    Guide {
        command: "import",
        examples: &[
            ("gazetted import list.opml", "print a reading list as sources"),
            ("gazetted import list.opml --to sources.d/list.toml", "write them to a file"),
            ("gazetted import stories all.jsonl", "take over the stories of another store"),
        ],
        codes: &[],
    },
    Guide {
        command: "export",
        examples: &[
            ("gazetted export stories | jq .title", "every story as JSON Lines"),
            ("gazetted export site /srv/feeds", "the whole site as files"),
            ("gazetted export opml -o sources.opml", "the sources, for a feed reader"),
        ],
        codes: &[],
    },
    Guide {
        command: "backup",
        examples: &[("gazetted backup /var/backups/gazetted.backup", "also while the daemon runs")],
        codes: &[],
    },
    Guide {
        command: "restore",
        examples: &[(
            "gazetted restore --replace FILE",
            "put a backup in the place of a sound store",
        )],
        codes: &[("1", "The backup cannot be used, or a store in good order is in its way.")],
    },
    Guide {
        command: "compact",
        examples: &[(
            "gazetted compact",
            "give back the room of removed stories; the daemon must not run",
        )],
        codes: &[],
    },
    Guide {
        command: "cluster",
        examples: &[
            ("gazetted cluster init", "begin a cluster from this store; the daemon must not run"),
            ("gazetted cluster status", "show the state of every node"),
            ("gazetted cluster pause", "have no node poll, until `gazetted cluster resume`"),
        ],
        codes: &[("1", "The command failed, or this node is not ready.")],
    },
    Guide {
        command: "man",
        examples: &[("gazetted man /usr/local/share/man/man1", "write a page of each command")],
        codes: &[],
    },
    Guide {
        command: "completions",
        examples: &[(
            "gazetted completions bash > ~/.local/share/bash-completion/completions/gazetted",
            "",
        )],
        codes: &[],
    },
];

/// Of the program as a whole.
const PROGRAM: Guide = Guide {
    command: "gazetted",
    examples: &[
        ("gazetted init && gazetted run --config gazetted.toml", "from nothing to the first feed"),
        ("gazetted status", "how every source is doing"),
    ],
    codes: &[],
};

const CODES: [(&str, &str); 6] = [
    ("0", "It is done."),
    ("1", "It failed, or was refused."),
    ("2", "The command line is wrong."),
    ("74", "The store is damaged, or its disk is full."),
    ("75", "The store is in use by another process."),
    ("78", "The configuration cannot be used."),
];

const FILES: [(&str, &str); 4] = [
    (
        "/etc/gazetted/gazetted.toml",
        "The configuration, unless --config or $GAZETTED_CONFIG names another.",
    ),
    ("/var/lib/gazetted/store", "The store, unless `[store] path` names another."),
    ("STORE.sock, /run/gazetted/control.sock", "The control socket of the running daemon."),
    ("STORE-backups/", "Automatic backups."),
];

const ENVIRONMENT: [(&str, &str); 5] = [
    ("GAZETTED_CONFIG", "The configuration file."),
    ("NO_COLOR", "If set, nothing is coloured."),
    ("STATE_DIRECTORY, RUNTIME_DIRECTORY", "Where systemd keeps the store and the control socket."),
    ("CREDENTIALS_DIRECTORY", "Where systemd puts files of secrets."),
    ("LISTEN_FDS, NOTIFY_SOCKET, WATCHDOG_USEC", "systemd's sockets and supervision."),
];

/// One section: its title, and entries with what they mean.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) entries: Vec<(String, String)>,
}

/// The sections at the end of a command's help; of the program's own, where it is no command.
pub(super) fn sections(command: &str) -> Vec<Section> {
    let guide = GUIDES.iter().find(|guide| guide.command == command).unwrap_or(&PROGRAM);
    let entries = |list: &[(&str, &str)]| {
        list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    let mut codes: Vec<(String, String)> = entries(&CODES);
    for (code, text) in guide.codes {
        match codes.iter_mut().find(|(known, _)| known == code) {
            Some((_, meaning)) => *meaning = (*text).to_owned(),
            None => codes.push(((*code).to_owned(), (*text).to_owned())),
        }
    }
    vec![
        Section { title: "EXAMPLES", entries: entries(guide.examples) },
        Section { title: "EXIT STATUS", entries: codes },
        Section { title: "FILES", entries: entries(&FILES) },
        Section { title: "ENVIRONMENT", entries: entries(&ENVIRONMENT) },
    ]
}

/// The command line with the sections at the end of each long help.
pub(super) fn explained(program: clap::Command) -> clap::Command {
    let names: Vec<String> =
        program.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let program = program.after_long_help(text("gazetted"));
    names.into_iter().fold(program, |program, name| {
        let text = text(&name);
        program.mut_subcommand(name, |command| {
            let nested: Vec<String> =
                command.get_subcommands().map(|nested| nested.get_name().to_owned()).collect();
            let command = command.after_long_help(text.clone());
            nested.into_iter().fold(command, |command, nested| {
                command.mut_subcommand(nested, |nested| nested.after_long_help(text.clone()))
            })
        })
    })
}

/// The sections as plain text.
fn text(command: &str) -> String {
    let mut text = String::new();
    for Section { title, entries } in sections(command) {
        let _ = writeln!(text, "{title}:");
        for (name, meaning) in entries {
            let _ = match (name.len() < 6, meaning.is_empty()) {
                (true, _) => writeln!(text, "  {name:<4}{meaning}"),
                (false, true) => writeln!(text, "  {name}"),
                (false, false) => writeln!(text, "  {name}\n        {meaning}"),
            };
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_examples_and_every_example_is_one_that_parses() {
        let program = super::super::command();
        let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        let guided: Vec<&str> = GUIDES.iter().map(|guide| guide.command).collect();
        assert_eq!(names, guided);
        for Guide { examples, .. } in GUIDES.iter().chain([&PROGRAM]) {
            assert!(!examples.is_empty());
            for (example, _) in *examples {
                // Of a pipe, the part that is ours.
                let own = example.split(" | ").flat_map(|part| part.split(" && "));
                for part in own.filter(|part| part.starts_with("gazetted ")) {
                    let part = part.split(" > ").next().unwrap_or(part).replace('\'', "\"");
                    let mut quoted = part.split('"');
                    let mut words: Vec<String> = Vec::new();
                    while let Some(plain) = quoted.next() {
                        words.extend(plain.split_whitespace().map(str::to_owned));
                        words.extend(quoted.next().map(str::to_owned));
                    }
                    let parsed = super::super::command().try_get_matches_from(&words);
                    assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
                }
            }
        }
    }
}
