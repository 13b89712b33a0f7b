//! Layouts of surroundings, written before one of them was tried.

/// An announcement: its language, its title and its sentences.
pub struct Announcement {
    pub language: &'static str,
    pub title: &'static str,
    pub sentences: [&'static str; 3],
}

/// A text with an announcement, `{body}`, and what surrounds it.
pub struct Layout {
    pub name: &'static str,
    pub announcement: &'static Announcement,
    /// HTML, or plain text where it has no tag.
    pub text: &'static str,
    /// Words that stand only in the surroundings.
    pub goes: &'static [&'static str],
}

const EN1: Announcement = Announcement {
    language: "en",
    title: "Harbour fund opens for small ports",
    sentences: [
        "The fund pays up to half of the cost of dredging in ports that land less than 5,000 tonnes a year.",
        "Applications open on 3 March and close on 30 May.",
        "Ports that were refused last year may apply again with a new plan.",
    ],
};

const EN2: Announcement = Announcement {
    language: "en",
    title: "New code of practice for letting agents",
    sentences: [
        "Letting agents must show all fees on one page from 1 July.",
        "The code was written with tenants and with the trade.",
        "Breaches can be reported to the local council, which may fine an agent up to 7,500 pounds.",
    ],
};

const DE1: Announcement = Announcement {
    language: "de",
    title: "Förderung für kommunale Wärmenetze startet",
    sentences: [
        "Das Ministerium fördert den Ausbau kommunaler Wärmenetze mit 120 Millionen Euro.",
        "Anträge können ab dem 1. März beim Landesamt gestellt werden.",
        "Gefördert werden bis zu 40 Prozent der Kosten einer Leitung.",
    ],
};

const DE2: Announcement = Announcement {
    language: "de",
    title: "Neue Regeln für den Verkauf von Feuerwerk",
    sentences: [
        "Der Verkauf von Raketen ist künftig nur vom 29. bis zum 31. Dezember erlaubt.",
        "Händler müssen ihre Lager der Aufsicht vorher melden.",
        "Verstöße kosten bis zu 10.000 Euro.",
    ],
};

const FR1: Announcement = Announcement {
    language: "fr",
    title: "Un nouveau guichet pour la rénovation des écoles",
    sentences: [
        "Les communes peuvent déposer leur dossier à partir du 15 janvier.",
        "L'aide couvre jusqu'à 60 % du coût des travaux d'isolation.",
        "Les premiers chantiers commenceront pendant les vacances d'été.",
    ],
};

const FR2: Announcement = Announcement {
    language: "fr",
    title: "Le contrôle des pêches est renforcé en Manche",
    sentences: [
        "Deux patrouilleurs supplémentaires surveilleront la zone dès le mois d'avril.",
        "Les navires de moins de douze mètres devront déclarer leurs prises par téléphone.",
        "Une amende de 1 500 euros sanctionne l'absence de déclaration.",
    ],
};

const ES1: Announcement = Announcement {
    language: "es",
    title: "Abierto el plazo de ayudas al riego",
    sentences: [
        "El ministerio destina 80 millones de euros a modernizar los regadíos.",
        "Las solicitudes se presentan hasta el 30 de junio en la sede electrónica.",
        "La ayuda cubre la mitad del coste de cada instalación.",
    ],
};

const ES2: Announcement = Announcement {
    language: "es",
    title: "Nuevo registro de alquileres de temporada",
    sentences: [
        "Todo alquiler de menos de seis meses necesitará un número de registro.",
        "El número se pide en línea y llega en dos días.",
        "Las plataformas retirarán los anuncios que no lo muestren.",
    ],
};

const PL1: Announcement = Announcement {
    language: "pl",
    title: "Rusza program dopłat do pomp ciepła",
    sentences: [
        "Gospodarstwa domowe mogą otrzymać do 30 tysięcy złotych dopłaty.",
        "Wnioski przyjmują urzędy gmin od 1 marca.",
        "Dopłata obejmuje również koszt audytu energetycznego.",
    ],
};

const PL2: Announcement = Announcement {
    language: "pl",
    title: "Nowe zasady połowu dorsza na Bałtyku",
    sentences: [
        "Połów dorsza będzie zakazany od maja do sierpnia.",
        "Armatorzy zgłaszają każdy rejs dzień wcześniej.",
        "Za naruszenie zakazu grozi kara do 20 tysięcy złotych.",
    ],
};

const IT1: Announcement = Announcement {
    language: "it",
    title: "Nuovi fondi per le biblioteche",
    sentences: [
        "Le biblioteche comunali ricevono 40 milioni di euro.",
        "Le domande si presentano entro il 15 giugno.",
        "I fondi coprono acquisti e lavori di manutenzione.",
    ],
};

const NL1: Announcement = Announcement {
    language: "nl",
    title: "Meer geld voor dijken langs de Maas",
    sentences: [
        "Het kabinet trekt 300 miljoen euro uit voor de dijken langs de Maas.",
        "De werkzaamheden beginnen in september.",
        "Omwonenden worden per brief op de hoogte gebracht.",
    ],
};

const PT1: Announcement = Announcement {
    language: "pt",
    title: "Abertas as candidaturas à renda apoiada",
    sentences: [
        "As candidaturas decorrem até ao fim de maio.",
        "O apoio cobre até 200 euros por mês.",
        "Os resultados são publicados em julho.",
    ],
};

const CS1: Announcement = Announcement {
    language: "cs",
    title: "Začíná oprava mostů na Moravě",
    sentences: [
        "Ministerstvo opraví letos třicet mostů na Moravě.",
        "První práce začnou v dubnu.",
        "Řidiči budou jezdit po vyznačených objížďkách.",
    ],
};

const SV1: Announcement = Announcement {
    language: "sv",
    title: "Nya regler för elsparkcyklar",
    sentences: [
        "Elsparkcyklar får inte längre ställas på gångbanor.",
        "Reglerna gäller från den 1 september.",
        "Kommunerna får ta ut en avgift för borttagna cyklar.",
    ],
};

const RO1: Announcement = Announcement {
    language: "ro",
    title: "Fonduri pentru biblioteci",
    sentences: [
        "Bibliotecile primesc fonduri noi.",
        "Cererile se depun până în mai.",
        "Fondurile acoperă lucrările de reparații.",
    ],
};

pub const LAYOUTS: &[Layout] = &[
    Layout {
        name: "en-related-ul",
        announcement: &EN1,
        text: "{body}<h2>Read next</h2><ul><li><a href='https://dep.example/n/kenya'>Minister visits Kenya for trade talks</a></li><li><a href='https://dep.example/n/fiji'>Fiji agreement signed</a></li><li><a href='https://dep.example/n/nepal'>Aid for Nepal after the flood</a></li></ul>",
        goes: &["Kenya", "Fiji", "Nepal"],
    },
    Layout {
        name: "en-cards",
        announcement: &EN2,
        text: "{body}<div class='promo-grid'><h3>In other news</h3><article><h4><a href='/n/a'>Peru copper deal renewed</a></h4><time>2 May 2025</time><p>Both sides welcomed the Peru deal.</p></article><article><h4><a href='/n/b'>Embassy in Chad reopens</a></h4><time>1 May 2025</time><p>The ambassador arrived in Chad on Monday.</p></article><article><h4><a href='/n/c'>Oman hosts talks</a></h4><time>29 April 2025</time><p>Delegates met in Oman.</p></article></div>",
        goes: &["Peru", "Chad", "Oman"],
    },
    Layout {
        name: "en-topbar-before",
        announcement: &EN1,
        text: "<p><a href='/'>Home</a> | <a href='/news'>News</a> | <a href='/n/samoa'>Samoa summit</a></p>{body}<p>Share this page: <a href='https://twitter.com/intent/tweet?url=x'>Twitter</a> <a href='https://www.facebook.com/sharer.php?u=x'>Facebook</a></p><p>Subscribe to our Samoa newsletter</p>",
        goes: &["Samoa", "Facebook"],
    },
    Layout {
        name: "en-plain-text",
        announcement: &EN2,
        text: "{body}\n\nMore stories like this\n\nGhana port upgrade begins\n12 May 2025\n\nBolivia lithium accord\n9 May 2025\n\nLaos rail link opens\n2 May 2025\n",
        goes: &["Ghana", "Bolivia", "Laos"],
    },
    Layout {
        name: "de-weitere",
        announcement: &DE1,
        text: "{body}<h3>Weitere Pressemitteilungen</h3><p>12.03.2025 <a href='/pm/1'>Minister reist nach Marokko</a></p><p>10.03.2025 <a href='/pm/2'>Abkommen mit Georgien unterzeichnet</a></p><p>07.03.2025 <a href='/pm/3'>Hilfe für Mosambik</a></p>",
        goes: &["Marokko", "Georgien", "Mosambik"],
    },
    Layout {
        name: "de-das-koennte",
        announcement: &DE2,
        text: "{body}<div><strong>Das könnte Sie auch interessieren:</strong><ul><li><a href='/a'>Ruanda: neue Schule eröffnet</a></li><li><a href='/b'>Gespräche in Usbekistan</a></li></ul></div>",
        goes: &["Ruanda", "Usbekistan"],
    },
    Layout {
        name: "de-kontakt-ende",
        announcement: &DE1,
        text: "{body}<p><strong>Pressekontakt</strong><br>Ministerium für Energie, Pressestelle, Telefon 030 555-100, presse@min.example</p><p>Folgen Sie uns auf <a href='https://x.com/min'>X</a> und <a href='https://www.instagram.com/min'>Instagram</a>: heute live aus Albanien</p>",
        goes: &["Albanien", "Instagram"],
    },
    Layout {
        name: "de-zurueck-vor",
        announcement: &DE2,
        text: "{body}<p><a href='/pm/alt'>« Vorherige Meldung: Delegation aus Island</a></p><p><a href='/pm/neu'>Nächste Meldung: Tagung in Malta »</a></p>",
        goes: &["Island", "Malta"],
    },
    Layout {
        name: "fr-a-lire-aussi",
        announcement: &FR1,
        text: "{body}<p><strong>À lire aussi</strong></p><ul><li><a href='/c/1'>Déplacement au Togo</a></li><li><a href='/c/2'>Accord avec le Vietnam</a></li><li><a href='/c/3'>Mission au Panama</a></li></ul>",
        goes: &["Togo", "Vietnam", "Panama"],
    },
    Layout {
        name: "fr-derniers",
        announcement: &FR2,
        text: "{body}<h2>Derniers communiqués</h2><div><p>3 avril 2025</p><p><a href='/c/4'>Visite officielle en Bulgarie</a></p><p>1er avril 2025</p><p><a href='/c/5'>Soutien au Liban</a></p></div>",
        goes: &["Bulgarie", "Liban"],
    },
    Layout {
        name: "fr-partager",
        announcement: &FR1,
        text: "{body}<p>Partager la page</p><ul><li><a href='https://www.facebook.com/sharer/sharer.php?u=x'>Facebook</a></li><li><a href='https://www.linkedin.com/shareArticle?url=x'>LinkedIn</a></li></ul><p>Recevoir la lettre d'information Sahel</p>",
        goes: &["LinkedIn", "Sahel"],
    },
    Layout {
        name: "fr-sur-le-meme-sujet",
        announcement: &FR2,
        text: "{body}<aside><h3>Sur le même sujet</h3><a href='/c/6'>Norvège : quotas de cabillaud</a><a href='/c/7'>Irlande : accord de pêche</a></aside>",
        goes: &["Norvège", "Irlande"],
    },
    Layout {
        name: "es-noticias-relacionadas",
        announcement: &ES1,
        text: "{body}<h3>Noticias relacionadas</h3><ul><li><a href='/n/1'>El ministro viaja a Egipto</a> 02/04/2025</li><li><a href='/n/2'>Convenio con Ucrania</a> 01/04/2025</li><li><a href='/n/3'>Ayuda a Honduras</a> 28/03/2025</li></ul>",
        goes: &["Egipto", "Ucrania", "Honduras"],
    },
    Layout {
        name: "es-ultimas",
        announcement: &ES2,
        text: "{body}<p><b>Últimas noticias</b></p><p><a href='/n/4'>Cumbre en Brasil</a></p><p><a href='/n/5'>Reunión con Japón</a></p><p><a href='/n/6'>Acuerdo con Argelia</a></p>",
        goes: &["Brasil", "Japón", "Argelia"],
    },
    Layout {
        name: "es-tambien",
        announcement: &ES1,
        text: "{body}\n\nTambién le puede interesar\n\nPrograma de becas para Cuba\nEncuentro con Turquía\nMisión a Senegal\n",
        goes: &["Cuba", "Turquía", "Senegal"],
    },
    Layout {
        name: "es-cookies",
        announcement: &ES2,
        text: "<div class='aviso'><p>Utilizamos cookies propias y de terceros para mejorar nuestros servicios. Puede aceptar o rechazar las cookies.</p></div>{body}<p>Comparte en redes sociales: <a href='https://wa.me/?text=x'>WhatsApp</a> <a href='https://t.me/share/url?url=x'>Telegram</a></p>",
        goes: &["cookies", "Telegram"],
    },
    Layout {
        name: "pl-zobacz",
        announcement: &PL1,
        text: "{body}<h3>Zobacz także</h3><ul><li><a href='/w/1'>Wizyta ministra w Gruzji</a></li><li><a href='/w/2'>Umowa z Kanadą</a></li><li><a href='/w/3'>Pomoc dla Syrii</a></li></ul>",
        goes: &["Gruzji", "Kanadą", "Syrii"],
    },
    Layout {
        name: "pl-inne",
        announcement: &PL2,
        text: "{body}<h2>Inne aktualności</h2><p>12.03.2025</p><p><a href='/w/4'>Spotkanie w Mołdawii</a></p><p>11.03.2025</p><p><a href='/w/5'>Szczyt w Finlandii</a></p>",
        goes: &["Mołdawii", "Finlandii"],
    },
    Layout {
        name: "pl-najnowsze-plain",
        announcement: &PL1,
        text: "{body}\n\nNajnowsze wiadomości\n\n14.03.2025 Delegacja z Indii\n13.03.2025 Forum w Chorwacji\n12.03.2025 Rozmowy w Estonii\n",
        goes: &["Indii", "Chorwacji", "Estonii"],
    },
    Layout {
        name: "pl-udostepnij",
        announcement: &PL2,
        text: "{body}<div><p>Udostępnij</p><a href='https://www.facebook.com/sharer.php?u=x'>Facebook</a> <a href='https://x.com/intent/post?url=x'>X</a></div><div><p>Poprzednia wiadomość</p><a href='/w/6'>Wystawa w Armenii</a><p>Następna wiadomość</p><a href='/w/7'>Konkurs w Serbii</a></div>",
        goes: &["Armenii", "Serbii", "Facebook"],
    },
    // These were written when those above were read rightly.
    Layout {
        name: "it-notizie-correlate",
        announcement: &IT1,
        text: "{body}<h3>Notizie correlate</h3><ul><li><a href='/n/1'>Missione in Tunisia</a></li><li><a href='/n/2'>Accordo con il Giappone</a></li></ul>",
        goes: &["Tunisia", "Giappone"],
    },
    Layout {
        name: "it-precedente",
        announcement: &IT1,
        text: "{body}<nav><a href='/n/3'>‹ Articolo precedente: Vertice in Svezia</a> <a href='/n/4'>Articolo successivo: Fiera in Qatar ›</a></nav>",
        goes: &["Svezia", "Qatar"],
    },
    Layout {
        name: "nl-lees-ook",
        announcement: &NL1,
        text: "{body}<p><em>Lees ook:</em></p><p><a href='/n/1'>Werkbezoek aan Suriname</a></p><p><a href='/n/2'>Verdrag met Kaapverdië</a></p>",
        goes: &["Suriname", "Kaapverdië"],
    },
    Layout {
        name: "nl-plain",
        announcement: &NL1,
        text: "{body}\n\nMeer nieuws\n\nHandelsmissie naar Vietnam\nSteun aan Jemen\nOverleg met Litouwen\n",
        goes: &["Vietnam", "Jemen", "Litouwen"],
    },
    Layout {
        name: "pt-veja",
        announcement: &PT1,
        text: "{body}<div class='widget'><strong>Veja também</strong><br><a href='/n/1'>Visita a Angola</a><br><a href='/n/2'>Cimeira em Timor</a></div>",
        goes: &["Angola", "Timor"],
    },
    Layout {
        name: "pt-siga",
        announcement: &PT1,
        text: "{body}<p>Siga-nos no <a href='https://www.instagram.com/gov'>Instagram</a> e no <a href='https://www.youtube.com/gov'>YouTube</a></p><p>Receba a newsletter sobre Macau</p>",
        goes: &["Instagram", "Macau"],
    },
    Layout {
        name: "cs-dalsi",
        announcement: &CS1,
        text: "{body}<h2>Další zprávy</h2><div><span>3. 4. 2025</span> <a href='/n/1'>Cesta do Maroka</a></div><div><span>2. 4. 2025</span> <a href='/n/2'>Jednání v Omanu</a></div>",
        goes: &["Maroka", "Omanu"],
    },
    Layout {
        name: "cs-mohlo",
        announcement: &CS1,
        text: "{body}<p>Mohlo by vás zajímat</p><ul><li><a href='/n/3'>Dohoda s Kubou</a></li><li><a href='/n/4'>Pomoc Nepálu</a></li></ul>",
        goes: &["Kubou", "Nepálu"],
    },
    Layout {
        name: "sv-relaterat",
        announcement: &SV1,
        text: "{body}<section><h2>Relaterat</h2><a href='/n/1'>Besök i Georgien</a><a href='/n/2'>Möte i Kenya</a></section>",
        goes: &["Georgien", "Kenya"],
    },
    Layout {
        name: "sv-dela",
        announcement: &SV1,
        text: "{body}<ul><li><a href='https://www.facebook.com/sharer.php?u=x'>Dela på Facebook</a></li><li><a href='https://www.linkedin.com/shareArticle?url=x'>Dela på LinkedIn</a></li></ul><p>Föregående nyhet</p><p><a href='/n/3'>Avtal med Chile</a></p>",
        goes: &["LinkedIn", "Chile"],
    },
    Layout {
        name: "en-one-column",
        announcement: &EN1,
        text: "<table><tr><td><p><a href='/n/9'>Trade office in Bahrain</a></p><p><a href='/n/8'>Grant for Malawi</a></p></td></tr></table>{body}<p><a href='/news'>Back to news</a></p>",
        goes: &["Back to news"],
    },
    Layout {
        name: "de-abo",
        announcement: &DE2,
        text: "{body}<p>Erhalten Sie unseren Newsletter mit Neuem aus Kanada</p><p>Teilen: <a href='https://wa.me/?text=x'>WhatsApp</a></p>",
        goes: &["Kanada", "WhatsApp"],
    },
    // These were not read rightly at first.
    Layout {
        name: "ro-anterior",
        announcement: &RO1,
        text: "{body}<p>Articolul anterior</p><p><a href='/1'>Acord cu Serbia</a></p><p>Articolul următor</p><p><a href='/2'>Misiune în Ghana</a></p>",
        goes: &["Serbia", "Ghana"],
    },
    Layout {
        name: "en-follow",
        announcement: &EN1,
        text: "{body}<p>Follow us on <a href='https://www.instagram.com/g'>Instagram</a>, <a href='https://www.youtube.com/g'>YouTube</a> and <a href='https://bsky.app/profile/g'>Bluesky</a></p>",
        goes: &["Instagram", "Bluesky"],
    },
    Layout {
        name: "en-trail",
        announcement: &EN2,
        text: "{body}<p>« <a href='/1'>Older: Fiji agreement</a> | <a href='/2'>Newer: Chad visit</a> »</p>",
        goes: &["Fiji", "Chad"],
    },
];
