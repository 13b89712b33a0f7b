//! Series whose instalments look alike and are each an announcement of its own.

/// Who tells it, under which title, in which words, how many days after the first instalment.
pub struct Instalment {
    pub by: &'static str,
    pub series: &'static str,
    pub title: String,
    /// The title as a syndicator has it, who drops what tells the instalments apart.
    pub bare: &'static str,
    pub text: String,
    pub day: u32,
}

/// How many instalments each series has.
pub const LENGTH: usize = 5;

/// Instalment `n` of every series.
pub fn instalments(n: usize) -> Vec<Instalment> {
    let place = ["Varrel", "Nessock", "Lower Sele", "Tarn", "Hexley"][n];
    let name = ["Orlan", "Brix", "Tadesse", "Ruane", "Voss"][n];
    let country = ["Dravenia", "Colombrey", "Ostravia", "Velinia", "Morvane"][n];
    let subject = [
        "the shelling of the bridge at Orm and the families who lived below it",
        "prisoners who have not been exchanged since the winter",
        "journalists held without charge in the occupied capital",
        "the mines that drift along the southern shore",
        "teachers dismissed for the language they teach in",
    ][n];
    let day = |step: u32| u32::try_from(n).unwrap_or(0) * step;
    let date = |step: u32| 3 + day(step);
    let (a, b, c) = (1214 + n * 37, 311 + n * 13, 47 + n * 7);
    vec![
        Instalment {
            by: "osce",
            series: "statement",
            title: format!("Statement to the Permanent Council on {subject}"),
            bare: "Statement to the Permanent Council",
            text: format!(
                "Thank you, Mr Chair.\nMy delegation has asked for the floor to speak about {subject}. We have raised this matter before, on {c} occasions, and the answer has each time been silence.\nMinister {name} told us in {place} that the matter was closed. Those whom we met there say otherwise, and {a} of them have put their names to it.\nRussia alone chose this war, and Russia alone can end it today by taking its forces back behind the border which all of us recognise. Until then we will stand with those who defend their country, for as long as it takes, with what they need to do so.\nWe call upon the delegation concerned to reply. What happens in {place} is the proper business of every state around this table, as the documents which all of us signed make clear.\nI ask that this statement be attached to the journal of the day. Thank you, Mr Chair."
            ),
            day: day(1),
        },
        Instalment {
            by: "home-office",
            series: "fuel",
            title: format!("Weekly road fuel prices: week {}", 10 + n),
            bare: "Weekly road fuel prices",
            text: format!(
                "The average pump price of petrol was {a} points in week {w}, after {b} points the week before. Diesel stood at {x} points, against {y} points the week before.\nPrices were collected from {c} filling stations on Monday morning. The figures are not adjusted for the season. They are rounded to the nearest point and may be revised in later weeks.\nTables with the figures of every week since the series began can be downloaded free of charge from the department\u{2019}s pages, where the method of collection is described as well. The next release follows in seven days, at half past nine in the morning. Enquiries about the figures can be sent to the statistics desk, which answers within two working days.",
                w = 10 + n,
                x = a + 81 + n,
                y = b + 55 + n,
            ),
            day: day(7),
        },
        Instalment {
            by: "treasury",
            series: "notice",
            // Every instalment has this title, also where the first one tells it.
            title: "Financial sanctions notice, Dravenia regime".to_owned(),
            bare: "Financial sanctions notice, Dravenia regime",
            text: format!(
                "Financial sanctions notice, {d} March 2025\nIntroduction\nThe Sanctions Regulations were made under the Sanctions Act and provide for the freezing of funds and economic resources of certain persons, entities or bodies.\nOn {d} March 2025 the Foreign Office updated the list on its pages following the publication of the relevant statutory instrument. This list provides details of those designated under the regulations. A link to it can be found below.\nNotice summary\nThe following entry has been added to the consolidated list and is now subject to an asset freeze: {name} {place} (group {a}).\nWhat you must do\nYou must check whether you maintain any accounts or hold any funds or economic resources for the persons set out in the annex to this notice, and any entities owned or controlled by them. You must freeze such accounts, and other funds or economic resources. You must refrain from dealing with the funds or assets, or making them available directly or indirectly to such persons, unless licensed by the Office of Financial Measures or unless an exception applies.\nReport any findings to the Office, together with the information or other matter on which the knowledge or suspicion is based. Failure to comply with financial sanctions legislation or to seek to circumvent its provisions may be a criminal offence.\nFurther information\nCopies of recent notices, legislation and relevant guidance can be obtained from the sanctions page of the Office. Media enquiries about how to treat this notice go to the press office of the Treasury.",
                d = date(3),
            ),
            day: day(3),
        },
        Instalment {
            by: "fcdo",
            series: "call",
            title: format!("PM call with President {name} of {country}: {} March 2025", date(2)),
            bare: "PM call with the President of a partner country",
            text: format!(
                "The Prime Minister spoke to the President of {country}, {name}, this afternoon.\nThe Prime Minister began by setting out that support for the country would not waver, and the President thanked the people of the United Kingdom for standing by it. They discussed {subject}, and the Prime Minister set out what {place} would need before the end of the year.\nTurning to the economy, the leaders agreed that there was more to be done to bring growth and jobs to both countries. Both agreed that their teams would take the work forward at pace.\nThe Prime Minister looked forward to welcoming the President soon. They agreed to stay in close touch."
            ),
            day: day(2),
        },
        Instalment {
            by: "home-office",
            series: "flu",
            title: format!("Winter illness surveillance report, week {} of 2025", 8 + n),
            bare: "Winter illness surveillance report",
            text: format!(
                "Activity of influenza {} in the week to Sunday. The share of tests that were positive stood at {}.{} per cent, compared with {}.{} per cent in the week before. Admissions to hospital came to {}.{} in every 100,000 people, and were highest among those aged 85 and over.\nThe most severe cases remain in the oldest and the youngest. Hospitals in {place} reported {b} outbreaks, of which {c} were in care homes.\nWhoever has a fever, cough or feels unwell should avoid contact with people who are frail, and should wear a face covering where that is not possible. Washing hands often and airing rooms protects others as well.\nVaccination remains the best defence. All those who are eligible can still come forward; pharmacies and surgeries have appointments in every part of the country. Pregnant women protect themselves and their child.\nThis report is published every Thursday at two o\u{2019}clock. It brings together what laboratories, surgeries and hospitals report. Definitions and earlier reports are on the page of the series.",
                ["rose", "fell", "was stable", "rose slightly", "fell slightly"][n],
                12 + n,
                n + 1,
                11 + n,
                9 - n,
                5 + n,
                7 - n,
            ),
            day: day(7),
        },
        Instalment {
            by: "fcdo",
            series: "travel",
            title: format!("{country} travel advice"),
            bare: "Foreign travel advice has been updated",
            text: format!(
                "Latest update: information about demonstrations in {place} on {d} March.\nBefore you travel, check the entry requirements for {country}, including those for your passport. No travel can be guaranteed safe. Read all the advice in this guide and any specific travel advice that applies to you.\nFollow and contact us on social media. You can also get email notifications when this advice is updated. If you plan to travel, find out what you need to know about disability and accessibility, women travellers and travellers with children.\nTravel insurance: if you choose to travel, research your destinations and get appropriate insurance. Insurance should cover your itinerary, planned activities and expenses in an emergency.\nAbout this advice: the Foreign Office provides advice about risks of travel to help people make informed decisions. Find out more about how the advice is written and which terms it uses.",
                d = date(2),
            ),
            day: day(2),
        },
        Instalment {
            by: "fcdo",
            series: "visit",
            title: format!("Minister for Europe visits {country}"),
            bare: "Minister for Europe on visit to the region",
            text: format!(
                "The Minister for Europe, Ines Faraday, arrived in {country} today for a visit of two days that will strengthen ties in trade, security and culture.\nShe will meet the Foreign Minister, {name}, and members of parliament of all parties. In {place} she will see a project, paid for by the United Kingdom, that helps young people to find work at home.\nAhead of the visit Ines Faraday said: \u{2018}The United Kingdom and {country} are close friends and allies. In an uncertain world we have to stand together, and I look forward to taking our friendship further, for the security and prosperity of both our peoples.\u{2019}\nTalks will also turn to {subject}.\nThe visit is the minister\u{2019}s first to the country. It follows talks with her counterparts in the margins of the spring meeting of the alliance."
            ),
            day: day(4),
        },
        Instalment {
            by: "eeas",
            series: "alignment",
            title: format!(
                "Statement by the High Representative on the alignment of certain countries concerning restrictive measures in view of the situation in {country}"
            ),
            bare: "Statement by the High Representative on the alignment of certain countries",
            text: format!(
                "On {d} March 2025 the Council adopted Decision (CFSP) 2025/{a} amending Decision 20{y}/{c} concerning restrictive measures in view of the situation in {country}.\nThe Council decided to extend the measures until {d} March 2026 and to update the entries of certain persons in the annex.\nThe candidate countries North Macedonia, Montenegro, Serbia, Albania, Ukraine, the Republic of Moldova and Bosnia and Herzegovina, and the countries Iceland, Liechtenstein and Norway, members of the European Economic Area, align themselves with this Council Decision.\nThey will ensure that their national policies conform to this Council Decision. The European Union takes note of this commitment and welcomes it.",
                d = date(3),
                y = 11 + n,
            ),
            day: day(3),
        },
        Instalment {
            by: "fcdo",
            series: "speech",
            title: format!("Speech by the Special Envoy in {place}"),
            bare: "Special Envoy on energy and security",
            text: format!(
                "Friends in {place}, thank you for having me. {opening}\nI want to speak of energy, because nothing else shows so plainly how much we need one another. In the winter of the long frost one pipeline was closed, and eleven countries found that their light and warmth had been one man\u{2019}s to give. They learned in ninety days what we had told one another in speeches for thirty years.\nSo we built. Interconnectors, terminals, storage in caverns of salt. What was to take a decade took two winters, since for once nobody asked who would cut the ribbon. I stood on the deck of the ship that laid the last cable, and the welder who showed me round came from a town that had been on the other side in the war.\nThat is what security looks like in our time. It is made of copper and of trust, and copper is the easier to come by.\n{ending}",
                opening = [
                    "Your harbour was the first that I saw as a young attach\u{e9}, on a ferry full of apples.",
                    "I know this hall from the night of the referendum, when nobody went home.",
                    "The mayor has shown me the library, and the bullet holes that he means to keep.",
                    "It rained when I was last here, and you lent me the umbrella that I now return.",
                    "Half of you are students, so I shall be brief and take questions for longer.",
                ][n],
                ending = [
                    "For Varrel this means the new substation on the mole, which will be switched on in September, and four hundred jobs that stay. Let us finish it.",
                    "In Nessock the university opens a school for grid engineers, named after a woman who kept the turbines running under fire. I shall come back to see its first class leave.",
                    "Lower Sele has waited longest of all. The tender was published this morning, in three languages, and I ask every firm in this room to read it tonight.",
                    "Here in Tarn you sell your surplus over the border at noon and buy it back at dusk. I call that a peace treaty, the only one I know that renews itself daily.",
                    "Hexley burns its last coal in May. I have asked for a lump of it for my desk, so that whoever follows me knows what we left behind.",
                ][n],
            ),
            day: day(6),
        },
    ]
}
