//! Puts the contents of declarative shadow roots into the tree of a page, as a browser shows them.

use std::collections::HashMap;

use dom_query::{Document, NodeRef};

const DECLARED: &str = "template[shadowrootmode], template[shadowroot]";

/// Shadow roots within one another that are opened.
const MOST_DEPTH: usize = 16;

/// Puts each shadow root in the place of what its host holds, with the host's own children in the
/// slots for them.
pub(super) fn open(page: &Document) {
    for _ in 0..MOST_DEPTH {
        let declared = page.select(DECLARED);
        if declared.is_empty() {
            return;
        }
        declared.nodes().iter().for_each(open_one);
    }
}

fn open_one(template: &NodeRef<'_>) {
    let contents = template.element_ref().and_then(|element| element.template_contents);
    let contents = contents.and_then(|id| template.tree.get(&id));
    let (Some(contents), Some(host)) = (contents, template.parent()) else {
        return template.remove_from_parent();
    };
    // What no slot shows is not shown, nor is a second template.
    let mut own: HashMap<String, Vec<NodeRef<'_>>> = HashMap::new();
    for child in host.children().into_iter().filter(|child| child.id != template.id) {
        child.remove_from_parent();
        if !child.has_name("template") {
            own.entry(child.attr("slot").unwrap_or_default().to_string()).or_default().push(child);
        }
    }
    let slots: Vec<NodeRef<'_>> =
        contents.descendants().into_iter().filter(|node| node.has_name("slot")).collect();
    for slot in slots {
        // The first slot of a name takes all that is for it.
        let shown = own.remove(&*slot.attr("name").unwrap_or_default()).unwrap_or_default();
        if shown.iter().any(|child| !child.text().trim().is_empty()) {
            slot.remove_children();
            shown.iter().for_each(|child| slot.append_child(child));
        }
        slot.rename("span");
    }
    template.remove_from_parent();
    contents.children().iter().for_each(|child| host.append_child(child));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shadow_roots_are_read_with_their_slots() {
        for (body, text) in [
            ("<x-a><template shadowrootmode=open><p>One</p></template></x-a>", "One"),
            (
                "<x-a><template shadowrootmode=closed><p>One</p><slot></slot></template><p>Two</p></x-a>",
                "One Two",
            ),
            (
                "<x-a><template shadowrootmode=open><slot name=h>No title</slot><p>Text</p></template><h1 slot=h>Title</h1>hidden</x-a>",
                "Title Text",
            ),
            (
                "<x-a><template shadowrootmode=open><slot name=h>No title</slot></template></x-a>",
                "No title",
            ),
            (
                "<x-a><template shadowrootmode=open><x-b><template shadowrootmode=open><p>In</p></template></x-b></template></x-a>",
                "In",
            ),
            (
                "<x-a><template shadowrootmode=open><slot></slot></template><template shadowrootmode=open><p>Menu</p></template><p>Text</p></x-a>",
                "Text",
            ),
            (
                "<x-a><template shadowrootmode=open><slot></slot><p>Then</p><slot></slot></template><b>One</b></x-a>",
                "One Then",
            ),
            ("<p>One</p><template><p>Two</p></template>", "One"),
        ] {
            let page = Document::from(format!("<body>{body}</body>"));
            open(&page);
            let html = page.select("body").html().replace("><", "> <");
            let shown = Document::from(html);
            shown.select("template").remove();
            let shown = shown.select("body").text();
            assert_eq!(crate::tokenize::spaced(&shown), text, "{body}");
        }
    }

    #[test]
    fn a_shadow_root_with_many_slots_is_read() {
        const MANY: usize = 20_000;
        let slots: String = (0..MANY).map(|at| format!("<slot name=s{at}></slot>")).collect();
        let own: String = (0..MANY).map(|at| format!("<b slot=s{at}>{} </b>", MANY - at)).collect();
        let root = format!("<template shadowrootmode=open>{slots}</template>");
        let page = Document::from(format!("<body><x-a>{root}{own}</x-a></body>"));
        open(&page);
        let shown = page.select("body").text();
        let numbers: Vec<usize> = shown.split_whitespace().flat_map(str::parse).collect();
        assert!(numbers.iter().rev().copied().eq(1..=MANY));
    }
}
