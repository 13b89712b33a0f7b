//! Texts without surroundings, though much of them looks so, written before one of them was tried.

/// A text that is all announcement.
pub struct Control {
    pub name: &'static str,
    pub language: &'static str,
    pub title: &'static str,
    pub html: &'static str,
    pub sentences: &'static [&'static str],
}

pub const CONTROLS: &[Control] = &[
    Control {
        name: "en-notes",
        language: "en",
        title: "Harbour fund opens",
        html: "<p>The fund opens on Monday.</p><p><strong>Notes to editors</strong></p><ul><li>The fund was announced in the budget of 2024.</li><li>In 2023 ports in Wales received 4 million pounds.</li></ul>",
        sentences: &[
            "The fund opens on Monday.",
            "The fund was announced in the budget of 2024.",
            "In 2023 ports in Wales received 4 million pounds.",
        ],
    },
    Control {
        name: "en-links-own",
        language: "en",
        title: "Guidance for exporters",
        html: "<p>Exporters must register before 1 May.</p><h3>More information</h3><ul><li><a href='https://dep.example/guide'>How to register as an exporter</a></li><li><a href='https://dep.example/rates'>The rates that apply from May</a></li></ul><p>Those who are late pay a fee of 50 pounds.</p>",
        sentences: &[
            "Exporters must register before 1 May.",
            "Those who are late pay a fee of 50 pounds.",
        ],
    },
    Control {
        name: "en-schedule",
        language: "en",
        title: "Road closures in June",
        html: "<p>These roads close:</p><p>2 June 2025</p><p>The A9 at Perth closes for the night.</p><p>5 June 2025</p><p>The A82 at Luss closes for two nights.</p><p>9 June 2025</p><p>The A87 at Kyle closes for the day.</p>",
        sentences: &[
            "The A9 at Perth closes for the night.",
            "The A82 at Luss closes for two nights.",
            "The A87 at Kyle closes for the day.",
        ],
    },
    Control {
        name: "de-zitate",
        language: "de",
        title: "Ministerin stellt Bericht vor",
        html: "<p>Die Ministerin stellte den Bericht vor.</p><p>Weitere Ergebnisse des Berichts:</p><ul><li>In Sachsen stieg die Zahl der Anträge um 4 Prozent.</li><li>In Bayern sank sie um 2 Prozent.</li></ul><p>Der Bericht erscheint jährlich.</p>",
        sentences: &[
            "In Sachsen stieg die Zahl der Anträge um 4 Prozent.",
            "In Bayern sank sie um 2 Prozent.",
            "Der Bericht erscheint jährlich.",
        ],
    },
    Control {
        name: "de-hintergrund",
        language: "de",
        title: "Abkommen in Kraft",
        html: "<p>Das Abkommen tritt heute in Kraft.</p><h3>Hintergrund</h3><p>Das Abkommen wurde 2022 mit Chile ausgehandelt.</p><p><a href='https://min.example/abkommen'>Text des Abkommens</a></p>",
        sentences: &[
            "Das Abkommen tritt heute in Kraft.",
            "Das Abkommen wurde 2022 mit Chile ausgehandelt.",
        ],
    },
    Control {
        name: "fr-agenda",
        language: "fr",
        title: "Agenda de la ministre",
        html: "<p>Lundi 3 mars 2025</p><p>Entretien avec l'ambassadeur du Portugal</p><p>Mardi 4 mars 2025</p><p>Visite d'une école à Lille</p><p>Mercredi 5 mars 2025</p><p>Conseil des ministres</p>",
        sentences: &[
            "Entretien avec l'ambassadeur du Portugal",
            "Visite d'une école à Lille",
            "Conseil des ministres",
        ],
    },
    Control {
        name: "fr-contact-faits",
        language: "fr",
        title: "Rappel de produits",
        html: "<p>Les lots 4512 et 4513 de fromage sont rappelés.</p><p>Contact : les consommateurs peuvent appeler le 0 800 100 200 tous les jours de 8 h à 20 h.</p><p>Ne consommez pas ces produits.</p>",
        sentences: &[
            "Les lots 4512 et 4513 de fromage sont rappelés.",
            "les consommateurs peuvent appeler le 0 800 100 200 tous les jours de 8 h à 20 h.",
            "Ne consommez pas ces produits.",
        ],
    },
    Control {
        name: "es-medidas",
        language: "es",
        title: "Medidas contra la sequía",
        html: "<p>El Gobierno aprobó tres medidas.</p><ul><li><a href='https://min.example/m1'>Ayudas directas a los agricultores de Murcia</a></li><li><a href='https://min.example/m2'>Rebaja de la tarifa del agua</a></li><li><a href='https://min.example/m3'>Obras de emergencia en Almería</a></li></ul><p>Entrarán en vigor mañana.</p>",
        sentences: &[
            "Ayudas directas a los agricultores de Murcia",
            "Rebaja de la tarifa del agua",
            "Obras de emergencia en Almería",
            "Entrarán en vigor mañana.",
        ],
    },
    Control {
        name: "pl-lista",
        language: "pl",
        title: "Wyniki konkursu",
        html: "<p>Dotacje otrzymały:</p><ol><li>Gmina Sopot, 120 000 zł</li><li>Gmina Hel, 95 000 zł</li><li>Gmina Ustka, 80 000 zł</li></ol><p>Zobacz także listę rezerwową w załączniku.</p>",
        sentences: &["Gmina Sopot, 120 000 zł", "Gmina Hel, 95 000 zł", "Gmina Ustka, 80 000 zł"],
    },
    Control {
        name: "en-share-fact",
        language: "en",
        title: "Share of renewables rises",
        html: "<p>The share of renewables rose to 44 per cent.</p><p>Share your views on the plan by 4 April.</p><p>Follow the guidance on heat pumps when you install one.</p><p>Related industries grew by 3 per cent.</p>",
        sentences: &[
            "Share your views on the plan by 4 April.",
            "Follow the guidance on heat pumps when you install one.",
            "Related industries grew by 3 per cent.",
        ],
    },
    Control {
        name: "it-contatto",
        language: "it",
        title: "Richiamo di giocattoli",
        html: "<p>I giocattoli del lotto 77 sono richiamati.</p><p>Contatti: i consumatori possono chiamare il numero 800 100 200 tutti i giorni dalle 8 alle 20.</p>",
        sentences: &[
            "i consumatori possono chiamare il numero 800 100 200 tutti i giorni dalle 8 alle 20.",
        ],
    },
    Control {
        name: "nl-volgende",
        language: "nl",
        title: "Volgende stap in de hervorming",
        html: "<p>De volgende stap volgt in mei.</p><p>Volgende week spreekt de Kamer over het plan.</p><p>Vorige maand stemde de Senaat in.</p>",
        sentences: &[
            "De volgende stap volgt in mei.",
            "Volgende week spreekt de Kamer over het plan.",
            "Vorige maand stemde de Senaat in.",
        ],
    },
    Control {
        name: "pt-programa",
        language: "pt",
        title: "Programa da visita",
        html: "<p>Visita à escola de Évora</p><p>Almoço com o presidente da câmara</p><p>Seguinte: assinatura do acordo em Beja</p>",
        sentences: &["Visita à escola de Évora", "assinatura do acordo em Beja"],
    },
    Control {
        name: "cs-seznam",
        language: "cs",
        title: "Seznam uzavírek",
        html: "<p>Uzavřeny budou:</p><ul><li>most v Olomouci, 3. 4. 2025</li><li>most v Přerově, 7. 4. 2025</li></ul><p>Další zprávy podá správa silnic.</p>",
        sentences: &[
            "most v Olomouci, 3. 4. 2025",
            "most v Přerově, 7. 4. 2025",
            "Další zprávy podá správa silnic.",
        ],
    },
    Control {
        name: "en-next-page",
        language: "en",
        title: "Next release of statistics",
        html: "<p>Output rose by 2 per cent.</p><p>Next release: 14 May 2025</p><p>Previous release: 12 March 2025</p>",
        sentences: &["Next release: 14 May 2025", "Previous release: 12 March 2025"],
    },
    Control {
        name: "en-next-page-2",
        language: "en",
        title: "Next steps",
        html: "<p>The next steps are these.</p><p>Next page of the plan is the harbour.</p><p>Next: the council votes in May.</p><p>Previous: the council met in March.</p>",
        sentences: &[
            "Next page of the plan is the harbour.",
            "Next: the council votes in May.",
            "Previous: the council met in March.",
        ],
    },
    Control {
        name: "en-watch",
        language: "en",
        title: "Interview of the minister",
        html: "<p>The minister spoke about the harbour.</p><p>The talk can be seen on <a href='https://www.youtube.com/watch?v=1'>YouTube</a> and on <a href='https://www.facebook.com/events/2'>Facebook</a>.</p>",
        sentences: &["The talk can be seen on YouTube and on Facebook."],
    },
];
