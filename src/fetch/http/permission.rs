//! Asks sites by their robots.txt whether a page may be asked for (P71).

use url::Url;

use super::body::{drain, receive};
use super::headers::codings;
use super::redirect::{refused, target};
use super::{Asked, MOST_HOPS};
use crate::fetch::{coding, robots};
use crate::model::{Failure, FailureKind};

impl Asked<'_> {
    /// Asks the site what robots may ask for, at most once a day, where that counts (P71).
    pub(super) async fn heed_robots(&self, url: &Url) -> Result<(), Failure> {
        if !self.heeds_robots {
            return Ok(());
        }
        let known = &self.web.robots;
        let said = match known.of(url, self.now) {
            Some(said) => said,
            None => {
                let said = self.robots(url).await?;
                known.learn(url, self.now, said.clone());
                // The source itself is asked as far apart as any other (P34).
                tokio::time::sleep(self.web.spacing).await;
                said
            }
        };
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        if said.allows(target) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::Denied, "the site's robots.txt forbids to ask for it"))
    }

    /// Reads a site's robots.txt: none allows everything, an unreachable one nothing.
    async fn robots(&self, url: &Url) -> Result<robots::Robots, Failure> {
        let mut url = url.join("/robots.txt").map_err(|_| refused("no address for robots.txt"))?;
        for _ in 0..=MOST_HOPS {
            let response = self.exchange(&url, self.web.headers.clone()).await?;
            match response.status().as_u16() {
                200..=299 => {
                    let codings = codings(response.headers());
                    let body = receive(response, robots::MOST, "the host").await?;
                    let body = coding::decode(codings.iter(), body, robots::MOST)?;
                    let text = String::from_utf8_lossy(&body);
                    return Ok(robots::Robots::parse(&text, env!("CARGO_PKG_NAME")));
                }
                300..=399 => {
                    let to = target(&url, response.headers())?;
                    drain(response).await;
                    url = to;
                }
                400..=499 => {
                    drain(response).await;
                    return Ok(robots::Robots::allowing_all());
                }
                _ => return Ok(robots::Robots::forbidding_all()),
            }
        }
        Ok(robots::Robots::allowing_all())
    }
}
