//! Asks a hub for a subscription.

use reqwest::header::CONTENT_TYPE;

use super::body::{MOST_ERROR, receive};
use super::headers::content_type;
use super::redirect::{refused, target};
use super::{HttpClient, MOST_HOPS};
use crate::fetch::error_text;
use crate::fetch::freshness::freshness;
use crate::model::{Failure, FailureKind};
use crate::websub::inbound::{self, HubRequest};

impl HttpClient {
    /// Asks a hub for a subscription (W3, W6).
    pub(in crate::fetch) async fn subscribe(&self, request: &HubRequest) -> Result<(), Failure> {
        match tokio::time::timeout(self.timeout, self.post(request)).await {
            Ok(answered) => answered,
            Err(_) => {
                let message = format!("the hub did not answer within {:?}", self.timeout);
                Err(Failure::new(FailureKind::Timeout, message))
            }
        }
    }

    async fn post(&self, request: &HubRequest) -> Result<(), Failure> {
        let mut hub = request.hub.clone();
        for _ in 0..=MOST_HOPS {
            self.public_guard.judge(&hub)?;
            let host = hub.host_str().unwrap_or("the hub");
            let post = self.public.post(hub.clone()).headers(self.headers.clone());
            let post = post.header(CONTENT_TYPE, inbound::FORM).body(request.form());
            let answer = post.send().await.map_err(|error| error_text::of_error(&error, host))?;
            match answer.status().as_u16() {
                200..=299 => {
                    let body = receive(answer, MOST_ERROR, host).await.unwrap_or_default();
                    return match request.is_granted(&body) {
                        true => Ok(()),
                        false => Err(error_text::of_refusal(host, &body)),
                    };
                }
                307 | 308 => hub = target(&hub, answer.headers())?,
                _ => {
                    let (status, said) = (answer.status(), content_type(answer.headers()));
                    let freshness = freshness(answer.headers(), request.subscription.asked);
                    let body = receive(answer, MOST_ERROR, host).await.unwrap_or_default();
                    let detail = error_text::detail(said.as_deref(), &body);
                    return Err(error_text::of_status(status, freshness, detail));
                }
            }
        }
        Err(refused("the hub redirects without end"))
    }
}
