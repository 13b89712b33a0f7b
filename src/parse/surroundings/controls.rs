//! Texts in which nothing is surroundings, though much of it looks so.

/// A text that stays whole, by what it is.
pub(super) const CONTROLS: &[(&str, &str)] = &[
    (
        "notes to editors",
        "<p>The levy on plastic bags rises to 10p in May.</p><h3>Notes to editors</h3><ol><li>The levy was introduced in 2015 and has cut use by 95 per cent.</li><li>See <a href=\"https://min.example/levy\">the guidance</a> and the tables of 2 April 2024.</li></ol>",
    ),
    (
        "a weekly round-up",
        "<p>This week the department published:</p><ul><li><a href=\"https://min.example/n/2\">Second notice about Haiti ships</a>, 1 April 2025</li><li><a href=\"https://min.example/n/3\">Third notice about Armenia ships</a>, 2 April 2025</li><li><a href=\"https://min.example/n/4\">Fourth notice about tolls</a>, 3 April 2025</li></ul>",
    ),
    (
        "a timeline",
        "<p>How the talks went, from the first letter to the treaty that was signed this week in Geneva.</p><p>2 April 2024: the first letter is sent to the council.</p><p>9 May 2024: both sides meet in Oslo.</p><p>1 April 2025: the treaty is signed.</p>",
    ),
    (
        "documents",
        "<p>The commission has laid the annual report before parliament, with the accounts of all ports.</p><h3>Documents</h3><ul><li><a href=\"/a.pdf\">Annual report of the ports commission</a></li><li><a href=\"/b.pdf\">Accounts of the ports commission</a></li><li><a href=\"/c.pdf\">Opinion of the auditor on the accounts</a></li></ul>",
    ),
    (
        "related in prose",
        "<p>Related crimes rose by a tenth.</p><p>The latest news from the front is grave, the minister said, and more news is expected on Monday.</p>",
    ),
    (
        "sanctions list",
        "<p>The following persons were added to the list today under the regulations of 2019.</p><ul><li>Ivan Petrov, born 02/04/1971 in Tver</li><li>Olga Smirnova, born 03/05/1980 in Perm</li><li>Pavel Orlov, born 04/06/1962 in Omsk</li></ul>",
    ),
    (
        "original at the top",
        "<p>Original study: <a href=\"https://min.example/study\">the report of 2024</a></p><p>The study found that ferries were late on one day in five, and that fog was to blame for most of it.</p><p>The ministry will buy two radars.</p>",
    ),
    (
        "a reference to an original statement",
        "<p>The committee repeats its view of the fees.</p><p>As the original statement of the council <a href=\"https://council.example/s\">says</a>, fees rise in May.</p><p>It will meet again in June.</p>",
    ),
    (
        "contact in a sentence",
        "<p>Owners of boats must register by 1 May.</p><p>For questions contact the registry at registry@min.example or on 020 7946 0000.</p><p>The fee is forty pounds.</p>",
    ),
    (
        "about newsletters",
        "<p>The agency has fined a firm that sent a newsletter to people who had not asked for it.</p><p>Users could not unsubscribe from the newsletter, the inquiry found.</p>",
    ),
    (
        "about cookies",
        "<p>The regulator has published new rules on cookies for websites of public bodies.</p><p>Sites must let visitors refuse cookies as easily as accept them, the rules say.</p>",
    ),
    (
        "questions and answers",
        "<h3>What is new?</h3><p>The toll is paid online from May.</p><h3>Who pays?</h3><p>Everybody who crosses the bridge.</p><h3>More information</h3><p>The rates are on the site of the agency.</p>",
    ),
    (
        "background with links",
        "<p>The court has annulled the licence of the mine, which had been granted in 2019.</p><h3>Background</h3><p>The mine was opened in 1964. The <a href=\"https://min.example/n/2\">licence of 2019</a> was disputed from the start.</p>",
    ),
    (
        "a speech with thanks",
        "<p>Thank you all for coming. I want to share this with you today: we have come far.</p><p>Follow us on this path, I said then, and you did.</p>",
    ),
    (
        "an agenda",
        "<p>The council meets on Monday in Brussels with this agenda.</p><ul><li>Latest developments in the Western Balkans</li><li>Relations with Armenia</li><li>Other business</li></ul>",
    ),
    (
        "quotes with links",
        "<p>The minister said: \"We share the grief of the families.\"</p><p>The families were invited to <a href=\"https://min.example/n/3\">a meeting in March</a>, which went well, and a second is planned.</p>",
    ),
    (
        "a list of events by date",
        "<p>Libraries open late on these days, and entry is free for everybody who brings a book along:</p><p><a href=\"/e/1\">Evening of poetry in Carrow</a><br>3 April 2025</p><p><a href=\"/e/2\">Evening of maps in Lowhaven</a><br>4 April 2025</p><p><a href=\"/e/3\">Evening of ships in Tarn</a><br>5 April 2025</p>",
    ),
    ("a single short sentence", "<p>Latest news</p>"),
    (
        "sums behind the word contact",
        "<p>The ministry pays for a new pilot station at Carrow, which is to open in three years.</p><h3>Contact with the sea</h3><p>Budget: 250 000 000</p><p>Ships a year: (2024) 123 456</p><p>Tonnes: 100 200 300</p>",
    ),
    (
        "table of figures",
        "<p>Trade by country, in millions, for the first quarter.</p><table><tr><th>Country</th><th>Total</th></tr><tr><td>Haiti</td><td>12</td></tr><tr><td>Armenia</td><td>31</td></tr></table>",
    ),
    (
        "German notes",
        "<p>Der Zoll hat am Hafen zehn Tonnen Tabak entdeckt und beschlagnahmt.</p><h3>Weitere Informationen</h3><p>Die Ladung kam aus Armenien. Die <a href=\"https://min.example/n/2\">Fahndung</a> dauert an.</p><h3>Hintergrund</h3><p>2024 wurden 80 Tonnen entdeckt.</p>",
    ),
];
