//! Feeds with invented publishing times from a seed, or with real ones.

use std::path::Path;

use gazetted::model::Timestamp;

/// Days of history before the first poll; then a warm-up, then what is measured.
pub const HISTORY: f64 = 90.0;
pub const WARM_UP: f64 = 28.0;
pub const MEASURED: f64 = 28.0;

/// When entries appear, in hours since the beginning, in order.
pub struct Feed {
    pub times: Vec<f64>,
}

/// Numbers that look random and are the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// In [0, 1).
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }
}

/// Feeds of the mix that PROTOCOL §3.3 describes.
pub fn synthetic(count: usize, seed: u64) -> Vec<Feed> {
    let mut dice = Dice::new(seed);
    (0..count).map(|_| feed(&mut dice)).collect()
}

fn feed(dice: &mut Dice) -> Feed {
    let hours = (HISTORY + WARM_UP + MEASURED) * 24.0;
    match dice.uniform() {
        kind if kind < 0.15 => dead(dice),
        kind if kind < 0.50 => living(dice, hours, 1.0 / 14.0, 0.8),
        kind if kind < 0.72 => living(dice, hours, 1.0 / 3.0, 0.7),
        kind if kind < 0.80 => timetable(dice, hours),
        kind if kind < 0.95 => living(dice, hours, 4.0, 0.6),
        _ => living(dice, hours, 40.0, 0.5),
    }
}

/// A feed whose last entry is older than what is measured.
fn dead(dice: &mut Dice) -> Feed {
    let mut times: Vec<_> = (0..10).map(|_| dice.uniform() * HISTORY * 24.0 * 0.6).collect();
    times.sort_by(f64::total_cmp);
    Feed { times }
}

/// Entries at the same hours of every working day or week.
fn timetable(dice: &mut Dice, hours: f64) -> Feed {
    let period = if dice.uniform() < 0.6 { 24.0 } else { 168.0 };
    let mut times = Vec::new();
    let mut due = dice.uniform() * period;
    while due < hours {
        times.push(due + dice.uniform() * 0.3);
        due += period;
    }
    Feed { times }
}

/// A Poisson process with an hour and weekday pattern of some strength in some
/// zone, bursts, and a rate that changes every 45 days or so.
fn living(dice: &mut Dice, hours: f64, median_a_day: f64, spread: f64) -> Feed {
    let usual = median_a_day * (spread * dice.normal()).exp() / 24.0;
    let (strength, zone) = (dice.uniform(), dice.uniform() * 24.0);
    let weekend = 1.0 - dice.uniform() * 0.9;
    let burst = dice.uniform() * 0.3;
    let mut rate = usual;
    let mut regime_ends = dice.exponential(45.0 * 24.0);
    let most = 2.0;
    let mut times = Vec::new();
    let mut now = 0.0;
    loop {
        now += dice.exponential(1.0 / (rate * most));
        if now >= hours {
            break;
        }
        if now > regime_ends {
            rate = usual * (0.5 * dice.normal()).exp();
            regime_ends = now + dice.exponential(45.0 * 24.0);
        }
        let hour = (now + zone) % 24.0;
        let daily = 1.0 + strength * ((hour - 13.0) / 24.0 * std::f64::consts::TAU).cos();
        let weekly = if (now / 24.0) as u64 % 7 >= 5 { weekend } else { 1.0 };
        if dice.uniform() < daily * weekly / most {
            times.push(now);
            while dice.uniform() < burst {
                times.push(now + dice.exponential(0.7));
            }
        }
    }
    times.retain(|time| *time < hours);
    times.sort_by(f64::total_cmp);
    Feed { times }
}

/// The dates of the real feeds beside the project, laid so that the newest is the end.
pub fn real() -> Option<Vec<Feed>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/feeds"));
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root).ok()?.flatten() {
        files.extend(std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    }
    files.sort_by_key(std::fs::DirEntry::path);
    let end = (HISTORY + WARM_UP + MEASURED) * 24.0;
    let mut feeds = Vec::new();
    for file in files {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        let dates = dates(&String::from_utf8_lossy(&bytes));
        let Some(newest) = dates.iter().max().copied() else { continue };
        let mut times: Vec<_> = dates
            .iter()
            .map(|date| end - date.until(newest).as_secs_f64() / 3600.0)
            .filter(|time| *time > end - 84.0 * 24.0)
            .collect();
        times.sort_by(f64::total_cmp);
        if times.len() >= 10 {
            feeds.push(Feed { times });
        }
    }
    Some(feeds)
}

/// Every date that an Atom or RSS element of that name holds.
fn dates(text: &str) -> Vec<Timestamp> {
    let element = regex::Regex::new(r"<(?:published|updated|pubDate|dc:date)>\s*([^<]+?)\s*<");
    let Ok(element) = element else { return Vec::new() };
    let mut dates: Vec<_> = element
        .captures_iter(text)
        .filter_map(|found| {
            Timestamp::parse_rfc3339(&found[1]).or_else(|| {
                chrono::DateTime::parse_from_rfc2822(&found[1]).ok().map(Timestamp::from)
            })
        })
        .collect();
    dates.sort_unstable();
    dates.dedup();
    dates
}
