//! Measures how soon each polling policy notices news, and for how many polls.
//!
//! `cargo bench --bench schedule [-- FEEDS [SEED]]` scores the real schedule (through
//! `fetch::record_poll`) against the policies of other readers and the bound that nobody
//! without foresight beats (PROTOCOL §3.3). All are given the same number of polls.

#![allow(unreachable_pub)] // a program exports nothing

#[path = "schedule/feeds.rs"]
mod feeds;
#[path = "schedule/policies.rs"]
mod policies;
#[path = "schedule/score.rs"]
mod score;

use policies::{AdaptiveTtl, Aimd, Backoff, CommaFeed, Fixed, Hazard, MavSync, Miniflux, Policy};
use score::Curve;

/// Polls a feed and day at which the policies are compared.
const BUDGETS: [f64; 4] = [2.0, 3.0, 4.0, 6.0];

/// A policy's name, the values of its parameter, and how to make one.
type Contender = (&'static str, Vec<f64>, fn(f64) -> Box<dyn Policy>);

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let count = numbers.next().unwrap_or(1000) as usize;
    let seed = numbers.next().unwrap_or(7);

    println!("synthetic: {count} feeds, seed {seed}");
    let synthetic = feeds::synthetic(count, seed);
    compare(&synthetic);

    match feeds::real() {
        Some(real) if !real.is_empty() => {
            println!("\nreal: {} feeds with ten entries or more in twelve weeks", real.len());
            compare(&real);
        }
        _ => println!("\nskipped: no real feeds beside the project"),
    }
}

fn compare(feeds: &[feeds::Feed]) {
    println!(
        "{:<28} {:>31} {:>8} {:>8} {:>7} {:>7} {:>7}",
        "hours of delay at polls/day:", "", "p95", "by feed", "by feed", "lost", "value"
    );
    print!("{:<28}", "");
    for budget in BUDGETS {
        print!(" {budget:>7}");
    }
    println!(" {:>8} {:>8} {:>7} {:>7} {:>7}", "at 4", "at 2", "at 4", "at 4", "at 4");
    let bound: Vec<_> = BUDGETS.iter().map(|budget| score::bound(feeds, *budget)).collect();
    for (name, values, make) in contenders() {
        let curve = Curve::of(feeds, &values, make);
        print!("{name:<28}");
        for budget in BUDGETS {
            print_hours(curve.at(budget, |score| score.by_item));
        }
        print!(" ");
        print_hours(curve.at(4.0, |score| score.p95));
        print!(" ");
        print_hours(curve.at(2.0, |score| score.by_feed));
        print_hours(curve.at(4.0, |score| score.by_feed));
        let lost = curve.at(4.0, |score| score.lost + 1e-9).unwrap_or(f64::NAN);
        print!(" {:>6.2}%", 100.0 * lost);
        print_hours(curve.at(4.0, |score| score.parameter));
        println!();
        if name.ends_with("gamma 0") {
            print!("{:<28}", "  efficiency (bound/delay)");
            for (budget, bound) in std::iter::zip(BUDGETS, &bound) {
                print_hours(curve.at(budget, |score| score.by_item).map(|delay| bound / delay));
            }
            println!();
        }
    }
    print!("{:<28}", "bound");
    bound.into_iter().for_each(|delay| print_hours(Some(delay)));
    println!();
}

fn print_hours(hours: Option<f64>) {
    match hours {
        Some(hours) => print!(" {hours:>7.2}"),
        None => print!(" {:>7}", "-"),
    }
}

fn contenders() -> Vec<Contender> {
    /// `from`, doubled by steps of `factor`, `steps` times.
    fn powers(from: f64, factor: f64, steps: i32) -> Vec<f64> {
        (0..steps).map(|step| from * factor.powi(step)).collect()
    }
    vec![
        ("fixed interval", powers(1.0, 1.4, 16), |hours| Box::new(Fixed { hours })),
        ("double and halve", powers(2.0, 1.4, 14), |most| Box::new(Backoff::up_to(most))),
        ("AIMD", powers(2.0, 1.4, 14), |most| Box::new(Aimd::up_to(most))),
        ("Miniflux entry_frequency", powers(0.1, 1.4, 14), |factor| {
            Box::new(Miniflux::new(factor))
        }),
        ("CommaFeed empirical", powers(4.0, 1.3, 10), |most| Box::new(CommaFeed::up_to(most))),
        ("AdaptiveTTL", powers(0.02, 1.5, 16), |factor| Box::new(AdaptiveTtl::new(factor))),
        ("MAVSync", powers(0.05, 1.4, 16), |factor| Box::new(MavSync::new(factor))),
        ("gazetted, gamma 0", powers(0.02, 1.6, 16), |price| Box::new(Hazard::new(price, 0.0))),
        ("gazetted, gamma 0.35", powers(0.02, 1.6, 16), |price| Box::new(Hazard::new(price, 0.35))),
        ("gazetted, gamma 0.75", powers(0.02, 1.6, 16), |price| Box::new(Hazard::new(price, 0.75))),
    ]
}
