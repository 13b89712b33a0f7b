//! Asks sites by their robots.txt whether a page may be asked for (P71).

use url::Url;

use super::body::{drain, receive_start};
use super::headers::codings;
use super::redirect::{refused, target};
use super::{Fetch, MOST_HOPS};
use crate::fetch::freshness::freshness;
use crate::fetch::{coding, robots};
use crate::model::{Failure, FailureKind};

impl Fetch<'_> {
    /// Asks the site what robots may ask for, where that counts: at most once a day, or once an hour
    /// as long as that cannot be read (P71).
    pub(super) async fn heed_robots(&self, url: &Url) -> Result<(), Failure> {
        if !self.heeds_robots {
            return Ok(());
        }
        let known = &self.http.robots;
        let robots = match known.of(url, self.now) {
            Some(known) => known?,
            None => {
                let asking = known.ask(url, self.now);
                let robots = asking.answered(self.robots(url).await)?;
                // The source itself is asked as far apart as any other (P34).
                tokio::time::sleep(self.http.spacing).await;
                robots
            }
        };
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        if robots.allows(target) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::Denied, "the site's robots.txt forbids to ask for it"))
    }

    /// Refuses to ask for a page whose server asked to be left alone until later (P26, P28). The
    /// agenda sees to that for sources.
    pub(super) fn heed_limits(&self, url: &Url) -> Result<(), Failure> {
        if !self.is_page {
            return Ok(());
        }
        let Some(until) = self.http.limits.of_address(url, self.now) else { return Ok(()) };
        let message = format!("its server asked to be left alone until {until}");
        Err(Failure {
            retry_after: Some(self.now.until(until)),
            unsent: true,
            ..Failure::new(FailureKind::TooMany, message)
        })
    }

    /// Reads a site's robots.txt: none allows everything, one that cannot be read nothing.
    async fn robots(&self, url: &Url) -> robots::Answer {
        let mut url = url.join("/robots.txt").map_err(|_| refused("no address for robots.txt"))?;
        for _ in 0..=MOST_HOPS {
            let response = self.exchange(&url, self.http.headers.clone()).await?;
            match response.status().as_u16() {
                200..=299 => {
                    let codings = codings(response.headers());
                    let received = receive_start(response, robots::MOST, "the host").await;
                    let body = received.broke_off.map_or(Ok(received.body), Err)?;
                    let mut body = coding::decode_start(codings.iter(), body, robots::MOST)?;
                    if body.len() as u64 == robots::MOST {
                        // Half of a rule would be another rule.
                        let end = body.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
                        body.truncate(end);
                    }
                    let text = String::from_utf8_lossy(&body);
                    return Ok(robots::Robots::parse(&text, env!("CARGO_PKG_NAME")));
                }
                300..=399 => {
                    let to = target(&url, response.headers())?;
                    drain(response).await;
                    url = to;
                }
                400..=428 | 430..=499 => {
                    drain(response).await;
                    return Ok(robots::Robots::allowing_all());
                }
                _ => {
                    let freshness = freshness(response.headers(), self.now);
                    let status = response.status();
                    let failure = self.failed(&url, status, response, freshness).await;
                    let kind = match failure.kind {
                        FailureKind::TooMany => FailureKind::TooMany,
                        _ => FailureKind::Denied,
                    };
                    return Err(Failure { kind, ..failure });
                }
            }
        }
        Ok(robots::Robots::allowing_all())
    }
}
