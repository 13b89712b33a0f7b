//! Recognises links that only share a page on a network or by mail, and those to profiles there.

use url::Url;

/// Whether a link only hands a page on.
pub(super) fn shares(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let path = url.path().to_ascii_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    match host {
        "facebook.com" | "m.facebook.com" | "de-de.facebook.com" => {
            begins(&["/sharer", "/share", "/dialog"])
        }
        "twitter.com" | "x.com" => begins(&["/intent", "/share"]) || path == "/home",
        "linkedin.com" => begins(&["/share", "/sharing", "/cws"]),
        // With a number they name a contact.
        "wa.me" => path.len() <= 1,
        "api.whatsapp.com" | "web.whatsapp.com" => {
            begins(&["/send"]) && !url.query().is_some_and(|query| query.contains("phone="))
        }
        "t.me" | "telegram.me" => begins(&["/share"]),
        "pinterest.com" | "pinterest.co.uk" => begins(&["/pin/create"]),
        "reddit.com" | "old.reddit.com" => begins(&["/submit"]),
        "bsky.app" | "threads.net" | "threads.com" => begins(&["/intent"]),
        "xing.com" => begins(&["/spi", "/social"]),
        "vk.com" => begins(&["/share"]),
        "tumblr.com" => begins(&["/share", "/widgets/share"]),
        "getpocket.com" => begins(&["/save", "/edit"]),
        "addtoany.com" | "addthis.com" | "sharethis.com" => true,
        _ if url.scheme() == "mailto" => {
            let query = url.query().unwrap_or_default().to_ascii_lowercase();
            path.is_empty() && (query.contains("body=") || query.contains("subject="))
        }
        _ => false,
    }
}

/// Whether a link leads to a profile on a network, as those of a publisher do.
pub(super) fn is_profile(url: &Url) -> bool {
    const NETWORKS: [&str; 18] = [
        "facebook.com",
        "twitter.com",
        "x.com",
        "instagram.com",
        "linkedin.com",
        "youtube.com",
        "tiktok.com",
        "flickr.com",
        "threads.net",
        "threads.com",
        "bsky.app",
        "mastodon.social",
        "t.me",
        "whatsapp.com",
        "pinterest.com",
        "vk.com",
        "xing.com",
        "snapchat.com",
    ];
    // A film, an event or a post there is what the announcement is about.
    const CONTENTS: [&str; 14] = [
        "watch", "live", "event", "events", "playlist", "embed", "shorts", "reel", "p", "status",
        "post", "posts", "video", "videos",
    ];
    let mut parts = url.path().split('/');
    if parts.any(|part| CONTENTS.contains(&part)) {
        return false;
    }
    let host = url.host_str().unwrap_or_default();
    NETWORKS.iter().any(|network| {
        host.strip_suffix(network).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn links_to_a_contact_share_nothing() {
        for (link, is_shared) in [
            ("https://www.facebook.com/sharer.php?u=x", true),
            ("https://www.facebook.com/ministry", false),
            ("https://wa.me/?text=x", true),
            ("https://wa.me/447700900000", false),
            ("https://api.whatsapp.com/send?text=x", true),
            ("https://api.whatsapp.com/send?phone=447700900000", false),
            ("mailto:?subject=x&body=y", true),
            ("mailto:grants@dep.example?subject=Grant&body=Name", false),
        ] {
            assert_eq!(shares(&Url::parse(link).unwrap()), is_shared, "{link}");
        }
    }

    #[test]
    fn profiles_stand_on_the_hosts_of_networks() {
        for (link, is_one) in [
            ("https://x.com/ministry", true),
            ("https://www.instagram.com/ministry", true),
            ("https://de.linkedin.com/company/ministry", true),
            ("https://www.youtube.com/watch?v=1", false),
            ("https://www.facebook.com/events/2", false),
            ("https://x.com/ministry/status/1", false),
            ("https://min.example/x.com", false),
            ("https://netflix.com/", false),
        ] {
            assert_eq!(is_profile(&Url::parse(link).unwrap()), is_one, "{link}");
        }
    }
}
