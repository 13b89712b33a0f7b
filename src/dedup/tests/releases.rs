//! Announcements that nobody made, as departments would write them, and what syndicators make of them.

/// Title, path and text of an announcement.
pub(super) type Release = (&'static str, &'static str, &'static str);

pub(super) const RELEASES: [Release; 8] = [
    (
        "New slipway opens at Carrow harbour after two-year rebuild",
        "carrow-slipway",
        "Fishing crews at Carrow can launch in any tide from today as the rebuilt slipway reopens, two years after winter storms broke its lower half away.\n\
        Harbours Minister Edwin Pell cut the rope this morning before forty boats left for the mackerel grounds. The work cost £6.4 million, shared between the harbour trust and the Coastal Repair Fund.\n\
        Edwin Pell said: \u{2018}Carrow\u{2019}s crews have rowed out to their own boats for two winters. They told us what they needed and the engineers listened, so the new ramp is wider, shallower and lit along its whole length.\u{2019}\n\
        The slipway is built of precast blocks that can be lifted out one by one when the sea damages them, a design first tried at Nessock. Divers will inspect the toe of the ramp each October.\n\
        Mooring fees stay at their present level until the end of next year.",
    ),
    (
        "Ministers back grain store plan for the eastern valleys",
        "grain-stores",
        "Eleven farming cooperatives will share storage for 90,000 tonnes of barley under plans that the Food Secretary approved today.\n\
        Growers in the eastern valleys lose up to a tenth of each harvest to damp because the nearest dry store lies sixty miles away. The new stores at Ulthwaite and Farrow Bridge will stand beside the railway, so that lorries need no longer queue through the villages in August.\n\
        Food Secretary Maren Oldcastle said the stores would pay for themselves within nine years. \u{201C}No farmer should have to watch good barley spoil for want of a roof,\u{201D} she said.\n\
        Cooperatives may bid for building grants from 1 June. Each bid must show how small growers with fewer than twenty hectares will be given room, and at what price. The first grain is expected to be taken in before the harvest after next.",
    ),
    (
        "Consultation on quieter night trains begins",
        "night-trains",
        "People who live beside freight lines are asked from today how trains that run between eleven at night and five in the morning could be made less noisy.\n\
        Brake blocks of cast iron roughen the wheels, and rough wheels are what residents hear. The consultation proposes that wagons fitted with composite blocks pay a lower track charge after midnight, as they do in several neighbouring countries.\n\
        Rail Minister Tobias Wren said: \u{201C}Freight that moves by night keeps lorries off the road by day. But nobody\u{2019}s sleep should be the price, and quiet brakes exist.\u{201D}\n\
        A trial on the line through Hexley measured a fall of eight decibels, which the ear takes for half the noise. Operators told the department that refitting a wagon costs about £3,100 and takes two days.\n\
        Answers can be given online or at five public meetings until 30 September.",
    ),
    (
        "Foreign Minister to host talks on river water in Dravenburg",
        "river-talks",
        "Six governments that share the river Ostra meet tomorrow in Dravenburg to agree how much water each may draw in a dry summer.\n\
        Foreign Minister Liv Harkonsen invited them after the lowest spring level since records began. Two of the countries have not sat at one table for eleven years.\n\
        Speaking before the meeting she said: \u{2018}Rivers do not read treaties. If we count the water together, and publish what we count, there is enough for every town along the Ostra. If each of us pumps first and counts later, there is not.\u{2019}\n\
        The host government will offer to pay for nineteen gauging stations whose readings anyone can see within the hour. It will also ask that no new canal is dug before all six have signed.\n\
        The talks are expected to last three days, and a joint statement will be issued at their end.",
    ),
    (
        "Sanctions imposed on nine who moved stolen grain",
        "grain-sanctions",
        "Nine people and four shipping firms that carried grain taken from occupied farms have had their assets frozen today.\n\
        The ships switched off their transponders at sea, changed flag twice in a month and unloaded at night in ports that asked no questions. Satellite pictures released this afternoon follow one of them, the Halcyon Tern, for twenty-six days.\n\
        The Foreign Minister said that theft does not become trade by crossing water. \u{201C}Whoever insures these ships, paints out their names or buys what they carry should expect to be next,\u{201D} she added.\n\
        Banks must report any account of the nine within forty-eight hours. Port authorities are told to refuse the listed vessels bunkers, pilots and berths, except where lives are in danger.\n\
        The measures were taken together with seven partner countries, which publish their own lists this week.",
    ),
    (
        "Apprentices to restore lighthouses along the north coast",
        "lighthouse-apprentices",
        "Sixty apprentices will learn to restore lenses, clockwork and stone at lighthouses that no longer guide ships but still draw visitors.\n\
        The scheme pays their wages for three years. They will live in the keepers\u{2019} cottages of four towers between Skail Point and the Mull of Orran, and the first of them start on Monday.\n\
        Culture Minister Ines Faraday met the masters who will teach them. \u{201C}There are five people left in this country who can balance a lens that floats on mercury, and all of them are past seventy,\u{201D} she said. \u{201C}In three years there will be sixty-five.\u{201D}\n\
        Each tower will open for visitors on one weekend a month while the work goes on. What the apprentices find in the walls, letters and tools among it, goes to the county museums.",
    ),
    (
        "Hospitals to share ambulance dispatch in three counties",
        "dispatch",
        "A single control room will send ambulances to emergencies in Wexmoor, Tarn and Lower Sele from this week, whichever county the call comes from.\n\
        Until now a crew that stood two streets away could be passed over because the patient lived across a boundary. In a test last winter the shared room cut the median wait for the most urgent calls from nine minutes to under seven.\n\
        Health Secretary Corin Ashby thanked the dispatchers who moved house for the new room. \u{2018}Nobody who calls for help thinks about county lines, and from now on nobody who answers has to,\u{2019} he said.\n\
        Crews keep their stations and their uniforms. A doctor will sit among the dispatchers at all hours to advise those who are already with a patient. The figures of each week will be published on the Friday after it.",
    ),
    (
        "Postal museum returns letters to families of lost sailors",
        "lost-letters",
        "More than two hundred letters that never reached their readers are going home, eighty years after the ship which carried them went down off Cape Varrel.\n\
        Salvors brought up a sealed mailbag last spring. Conservators dried the pages between sheets of felt for five months, and volunteers have since traced the families of all but thirty-one of the writers.\n\
        The first letter was handed over yesterday to Agnes Thole, aged ninety-two, by the museum\u{2019}s director. It is from her brother, who asks whether the dog still waits at the gate.\n\
        Letters whose families cannot be found will be read aloud in the museum on the anniversary in November. Copies of every page, with the families\u{2019} leave, are to be shown in a travelling exhibition that visits twelve ports next year.",
    ),
];

/// What a department adds below everything it says.
pub(super) const FOOTER: &str = "Notes to editors: the department\u{2019}s newsroom can be reached on all days from eight in the morning until six in the evening, and at weekends through the duty officer. Pictures may be used free of charge if the department is named beside them. Nothing in this release binds the government to spend money that parliament has not voted, and all dates given in it may change without further notice.";

/// The other headlines that a syndicator lists below a release.
pub(super) const OTHER_NEWS: &str = "Latest News from the Departments\nRebuilt slipway for Carrow\nBarley to be kept dry\nTalks on the Ostra\nQuiet brakes for night trains";

/// How a syndicator changes a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edit {
    /// Its own header on top, and a list of other releases below.
    Framed,
    /// Told a day later, under its own title.
    Retold,
    /// Names stripped, lines broken at sixty characters.
    Stripped,
    /// Cut after 60 % of the words.
    Truncated,
}

impl Edit {
    pub(super) const ALL: [Self; 4] = [Self::Framed, Self::Retold, Self::Stripped, Self::Truncated];

    pub(super) fn of(self, text: &str) -> String {
        match self {
            Self::Framed => {
                format!(
                    "News Release issued by the Distribution Service on 2 April\n{text}\n{OTHER_NEWS}\nOriginal article link: see the department's pages"
                )
            }
            Self::Retold => text
                .replace("from today", "from yesterday")
                .replace(" today", " yesterday")
                .replace("this morning", "yesterday morning")
                .replace("tomorrow", "today")
                .replace(['\u{2018}', '\u{2019}'], "'"),
            Self::Stripped => {
                let names = |word: &&str| {
                    ![
                        "Edwin",
                        "Pell",
                        "Maren",
                        "Oldcastle",
                        "Tobias",
                        "Wren",
                        "Liv",
                        "Ines",
                        "Corin",
                    ]
                    .contains(word)
                };
                wrapped(text.split_whitespace().filter(names))
            }
            Self::Truncated => {
                let words: Vec<&str> = text.split_whitespace().collect();
                words[..words.len() * 3 / 5].join(" ")
            }
        }
    }

    /// The title it gives the copy.
    pub(super) fn title(self, title: &str) -> String {
        match self {
            Self::Framed => title.to_owned(),
            Self::Retold => {
                format!("In brief: {}", title.split(' ').rev().collect::<Vec<_>>().join(" "))
            }
            Self::Stripped => "Government announcement".to_owned(),
            Self::Truncated => format!("{title} (excerpt and link to follow below)"),
        }
    }
}

fn wrapped<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in words {
        text.push(if width + word.len() > 60 { '\n' } else { ' ' });
        width = if width + word.len() > 60 { 0 } else { width } + word.len() + 1;
        text.push_str(word);
    }
    text
}

/// One instalment of each of four series: announcements that look alike and are not.
pub(super) fn series(number: usize) -> [(String, String); 4] {
    let place = ["Varrel", "Ostrava Junction", "Lower Sele", "Tarn", "Hexley", "Skail"][number % 6];
    let name = [
        "President Orlan",
        "Chancellor Brix",
        "Prime Minister Tadesse",
        "President Ruane",
        "Premier Voss",
        "Taoiseach Daly",
    ][number % 6];
    let subject = [
        "grain ships and the port dues that small states pay",
        "the shelling of the bridge and the families who lived below it",
        "prisoners who have not been exchanged since the winter",
        "journalists held without charge in the capital",
        "the mines that drift along the southern shore",
        "teachers dismissed for the language they teach in",
    ][number % 6];
    let (a, b, c) = (1200 + number * 37, 310 + number * 13, 45 + number * 7);
    [
        (
            format!("Statement to the Permanent Council on {subject}"),
            format!(
                "Thank you, Mr Chair. My delegation has asked for the floor to speak about {subject}. We have raised this matter before, on {c} occasions, and the answer has each time been silence. {name} told us in {place} that the matter was closed; those we met there say otherwise, and {a} of them have put their names to it. We ask the delegation concerned to reply today. Sovereignty is no licence. What happens in {place} is the proper business of every state around this table, as the documents which all of us signed make clear. Thank you, Mr Chair, and I ask that this statement be attached to the journal of the day."
            ),
        ),
        (
            format!("Weekly figures on road fuel: week {}", 10 + number),
            format!(
                "The average pump price of petrol was {a} points in week {n}, after {b} points the week before. Diesel stood at {x} points, against {y} points the week before. Prices were collected from {c} filling stations on Monday morning. The figures are not adjusted for the season. They are rounded to the nearest point and may be revised in later weeks. Tables with the figures of every week since the series began can be downloaded free of charge from the department's pages. The next release follows in seven days, at half past nine in the morning. Enquiries about the figures can be sent to the statistics desk, which answers within {d} days.",
                n = 10 + number,
                x = a + 81 + number,
                y = b + 55 + number,
                d = 2 + number % 4
            ),
        ),
        (
            format!("Package {} of measures against the war economy", 12 + number),
            format!(
                "The council today adopted its package number {} of measures. It lists {a} further persons, {b} firms and {c} ships, mostly for {subject}. Their assets are frozen and they may not enter. Trade in goods that serve both peace and war is forbidden with {b} more firms. The package was prepared with partners and follows the visit of {name} to {place}. Those listed may ask for review in writing within {} days. The full lists are in the official journal of today.",
                12 + number,
                30 + number
            ),
        ),
        (
            format!("Prime Minister's call with {name}: {} April 2025", 1 + number),
            format!(
                "The Prime Minister spoke to {name} this afternoon. They discussed {subject}, and the Prime Minister set out what {place} would need before the end of the year. {name} described the visit to the region and the {c} commitments made there. Both agreed that their teams would take the work forward at speed. The Prime Minister looked forward to welcoming {name} soon. They agreed to stay in close touch."
            ),
        ),
    ]
}
