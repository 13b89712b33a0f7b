//! Announcements that nobody made, about sanctions and a region like any other, as departments write them.

/// What is told: who, where, under which title, in which words; a paragraph a line.
pub struct Release {
    pub by: &'static str,
    pub path: &'static str,
    pub title: &'static str,
    /// The title of whoever does not keep the first one.
    pub other_title: &'static str,
    pub text: &'static str,
}

/// Names that some syndicators leave out.
pub const NAMES: &[&str] = &["Liv Harkonsen", "Edwin Pell", "Maren Oldcastle", "Corin Ashby"];

/// What the foreign office puts below everything about sanctions.
pub const ON_SANCTIONS: &str = "Background\n\
    An asset freeze prevents any citizen or business in the country from dealing with funds or economic resources which are owned, held or controlled by the designated person.\n\
    A travel ban means that the designated person must be refused leave to enter or to remain, providing that the individual is an excluded person under the Immigration Act.\n\
    Transport sanctions make it an offence to provide ships on the list with certain services, and give ministers the power to deny them entry to our ports.\n\
    The full list of those designated today can be found in the consolidated list, which is updated after each designation takes effect.";

/// What the treasury puts below everything.
pub const CONTACTS: &str = "Media enquiries\n\
    Email newsdesk@office.example or telephone 020 5550 100, which is answered at all hours.\n\
    We respond to journalists first; members of the public are kindly asked to use the contact form on our pages instead.";

pub const RELEASES: [Release; 10] = [
    Release {
        by: "fcdo",
        path: "smuggling-gangs-first-designations",
        title: "New sanctions regime strikes at the gangs behind small boats",
        other_title: "Boat smugglers, forgers and money men face asset freezes",
        text: "People who sell places in overcrowded boats, and those who launder what they earn by it, have been sanctioned today under a regime that is the first of its kind in the world.\n\
        Twenty-three people and two networks are named. Among them are the owner of a warehouse in Dravenburg where inflatables are stored by the hundred, three forgers of passports from the hill towns above Nessock, and bankers who move the fares through shops that sell telephones.\n\
        The Foreign Secretary, Liv Harkonsen, said: \u{2018}Whoever profits from misery at sea will find no bank, no lawyer and no safe house with us. Today we name them, tomorrow their partners will ask whether they are worth the risk.\u{2019}\n\
        Two of the three networks work along the road that leads from Ulthwaite across the Western Passes, where the number of irregular crossings fell by half last year after joint patrols began. The interior ministers of six countries on that road meet in Carrow in October.\n\
        The measures take effect at once. Anyone in the country who holds funds for one of those listed must freeze and report them.",
    },
    Release {
        by: "fcdo",
        path: "shadow-fleet-hundred-tankers",
        title: "Largest ever package against the shadow fleet unveiled on visit to Oslo fjord",
        other_title: "A hundred tankers lose access to ports and insurers",
        text: "As many as a hundred tankers that carry embargoed crude under false flags are listed today, the largest number that any government has named at one time.\n\
        Together they have moved more than \u{a3}18 billion of cargo since the beginning of last year. Many are past their twentieth birthday, sail with their transponders off and carry insurance that nobody has been able to find. One lost its anchor over a power cable in the straits of Skail last winter.\n\
        Prime Minister Edwin Pell announced the package aboard a frigate in the fjord. He said: \u{201c}Every threat to our shores and to those of our friends will be met. We will keep on taking these ships out of his hands, one after the other, for as long as his war goes on.\u{201d}\n\
        Leaders of ten northern nations then agreed to ask any vessel that passes the Sound to show proof of insurance. Masters who refuse will be reported to a shared register, and their ships put forward for the next package.",
    },
    Release {
        by: "fcdo",
        path: "dravenia-election-interference",
        title: "Foreign Secretary sanctions those who tried to unpick the peace in Dravenia",
        other_title: "Seven secessionists put on the list as tension rises in the valleys",
        text: "Seven people who have worked to tear up the constitution of Dravenia, and with it the peace of thirty years, were sanctioned by the government this morning.\n\
        They include the president of the northern entity, two members of its assembly who drafted the laws that bar state police and courts from half the country, and the head of a company that paid for rallies of uniformed men on the anniversary of the siege.\n\
        Liv Harkonsen, who travels to the capital on Tuesday, said that peace there had been paid for dearly. \u{2018}I have met mothers who still look for their sons. Nobody is entitled to gamble with what they were promised,\u{2019} the Foreign Secretary said.\n\
        The government continues to support the High Representative and the peacekeeping force, whose mandate comes before the Security Council in November. It has given \u{a3}40 million since 2021 for courts, for the clearing of mines and for schools in which children of all communities are taught together.",
    },
    Release {
        by: "fcdo",
        path: "chips-evasion-network",
        title: "Clampdown on network that smuggled machine tools and chips to arms makers",
        other_title: "Importers in three free ports accused of feeding missile plants",
        text: "Firms in three free ports that bought machine tools, bearings and microelectronics and shipped them on to arms makers can no longer do business here, the government said today.\n\
        Investigators followed a lathe made in Hexley by way of a furniture importer and a dealer in tractor parts to a plant that bores barrels for howitzers. The serial number had been filed off; its controller still reported where it stood.\n\
        The package names thirty-one companies and fifteen of their directors. It was prepared together with partners, who list the same firms this week, and it follows last month\u{2019}s ban on the export of chemicals for propellants.\n\
        Trade Minister Corin Ashby said manufacturers had done what was asked of them. \u{201c}They checked their customers. These dealers lied to them, in writing, with stamps. A lie on an end-user certificate now costs more than the machine.\u{201d}",
    },
    Release {
        by: "treasury",
        path: "crypto-exchange-freeze",
        title: "Sanctions office freezes accounts of exchange that cleared ransom payments",
        other_title: "Ransom clearing house shut out of the banks",
        text: "An exchange for digital coins through which gangs turned the ransoms of hospitals and town halls into cash has had its accounts frozen by the Office of Financial Measures.\n\
        Its founder, two fellow directors and four companies in whose name the servers were rented are listed with it. Analysts traced payments of forty-two victims, among them an ambulance trust in Wexmoor that had gone back to paper for nine weeks.\n\
        Maren Oldcastle, Economic Secretary, said that ransomware was robbery by post. \u{2018}There is no honest reason to run a bureau which never asks where the money is from,\u{2019} she said.\n\
        Banks and payment firms are to search their books within fourteen days. A licence allows ordinary customers, of whom there are some eleven thousand, to withdraw what is theirs until the end of June.\n\
        The investigation was led by the crime agency with police forces of eight countries, who seized the domain and replaced its front page.",
    },
    Release {
        by: "treasury",
        path: "reconstruction-loan-eastern-grid",
        title: "Interest on frozen reserves to rebuild power grid before the winter",
        other_title: "Frozen billions to keep the lights on in the east",
        text: "A second loan of \u{a3}752 million, which will be paid back from interest that frozen reserves have earned, has been transferred to rebuild transformers and lines that drones destroyed.\n\
        The money is the middle one of three equal parts. The first bought air defence; the last follows in April next year. None of it comes from taxpayers, because the reserves lie in clearing houses whose windfall is skimmed twice a year.\n\
        Chancellor Maren Oldcastle signed the papers in Tarn beside her colleague, who had come by night train. \u{201c}It is right that the one who breaks the windows pays the glazier,\u{201d} the Chancellor said.\n\
        Engineers want four hundred transformers in place when the frost comes. Factories in Lower Sele and Ulthwaite have moved to three shifts, and training begins for ninety crews who can work on live lines at 110 kilovolts.",
    },
    Release {
        by: "home-office",
        path: "joint-task-force-passes",
        title: "Officers to be posted along the Western Passes under agreement with five interior ministries",
        other_title: "Patrols from abroad will join border guards in the hills",
        text: "Up to fifty officers will be stationed at crossings in the Western Passes from next month under an agreement that Home Secretary Corin Ashby and five colleagues signed in Nessock today.\n\
        They bring drones that see in the dark, dogs that find people in lorries and readers for passports. They may question those who are picked up but will not carry arms or make arrests, which remains the business of the host country.\n\
        Almost 22,000 people were led through the passes by guides last year, according to estimates of the border agency. Guides charge \u{a3}4,000 a head and leave behind whoever cannot keep up.\n\
        Corin Ashby said: \u{2018}No border is ours alone. A boat that is not sold in the hills is a boat which nobody has to rescue in the Channel.\u{2019}\n\
        A centre for shared analysis opens in Ulthwaite. It will hold no personal files; inquiries are passed on to the country concerned within one hour.",
    },
    Release {
        by: "home-office",
        path: "visa-free-change-colombrey",
        title: "Visitors from Colombrey will need a visa after rise in claims",
        other_title: "Visa-free travel ends for one country from tonight",
        text: "Nationals of Colombrey will need a visa to visit the country from three o\u{2019}clock this afternoon, the Home Secretary has told parliament.\n\
        Since the requirement was lifted in November 2022 the number of those who claimed asylum on arrival rose from 12 in a year to 1,408. Border staff also turned away every seventeenth visitor because what they said of their stay did not add up.\n\
        Whoever has booked already and holds an electronic permit may still travel without a visa until 23 May, provided that they arrive by that date. Students and seasonal workers are not affected, for they always needed one.\n\
        The government has told its counterparts that it regrets the step and hopes to return to travel without visas. Consulates in the capital and in Port Amber have taken on more staff; decisions should take no longer than three weeks.",
    },
    Release {
        by: "fcdo",
        path: "envoy-appointed-to-the-region",
        title: "Karen Ashdown appointed Special Envoy to the Eastern Littoral",
        other_title: "Former ambassador chosen as envoy to six littoral states",
        text: "Dame Karen Ashdown becomes Special Envoy to the Eastern Littoral, the Foreign Secretary announced today.\n\
        She was ambassador in Dravenburg for five years, speaks three of the languages and chaired the talks which led to common licence plates. Her first journey will take her to all six capitals before the summit in Carrow.\n\
        Her task is to see that what is agreed at summits is done afterwards: missing persons, energy, the trade in small arms. She will report to ministers twice a year, and part of each report is published.\n\
        Karen Ashdown said: \u{2018}I have friends of every community there, and they agree on more than their leaders let them admit. I look forward to listening first.\u{2019}\n\
        She succeeds Lord Peach of Skail, whom the minister thanked for four years of patient work.",
    },
    Release {
        by: "embassy",
        path: "demining-grant-upper-ostra",
        title: "Grant clears last minefield on the upper Ostra",
        other_title: "Goats graze again where mines lay for three decades",
        text: "Shepherds walked their flocks over the meadows of Velin yesterday for the first time in thirty-one years, after the last minefield on the upper Ostra was declared clear.\n\
        The embassy has paid \u{a3}1.9 million for the work since 2019. Forty local women, trained by the Halden Trust, searched 640,000 square metres with detectors and on their knees; they found 2,117 mines and a wedding ring.\n\
        Ambassador Tobias Wren returned the ring to its owner. He said that no money he had ever signed for had been better spent. \u{201c}The map of this valley was red when I came. It is white now.\u{201d}\n\
        Some eighty square kilometres remain to be searched elsewhere in the country, most of them forest. The teams move on to Gornja Luka after Easter.",
    },
];

/// An agency's own account, which quotes: another announcement about the same thing.
pub const REWRITES: [(usize, &str, &str); 4] = [
    (
        0,
        "Britain names people smugglers in new list, rights groups sceptical",
        "LONDON (Agency) - The government put two dozen suspected traffickers on a new blacklist on Wednesday, testing a law that its critics call theatre. Those listed live abroad and are not known to own anything here, two lawyers said. Rights groups pointed out that crossings have risen in five of the past six months. \u{2018}Whoever profits from misery at sea will find no bank, no lawyer and no safe house with us,\u{2019} Foreign Secretary Liv Harkonsen told reporters. Opposition speakers asked how many arrests would follow. Shares of a dinghy maker fell by three percent in early trading before the firm said that it sells to lifeguards alone. The ministry declined to say how the names were chosen, citing sources it wants to protect, and would not be drawn on whether allies will copy the list.",
    ),
    (
        1,
        "UK blacklists 100 tankers as premier tours warship",
        "OSLO (Agency) - Britain blacklisted a hundred oil tankers on Friday in what officials described as a record. Freight rates for old ships doubled within hours, brokers in Piraeus said, and two vessels turned round off Gibraltar. \u{201c}Every threat to our shores and to those of our friends will be met,\u{201d} Prime Minister Edwin Pell said on deck, with rain running off his cap. Analysts doubt the effect. Earlier lists cut the number of voyages for some weeks before owners found new names and new flags. A spokesman in the other capital called the step piracy. Environmental campaigners welcomed it for reasons of their own: a spill from one of those ships would foul the herring grounds for a generation, they said.",
    ),
    (
        4,
        "Crypto exchange shut out after hospital ransoms",
        "The coin exchange accused of washing ransoms for extortionists vanished from the internet overnight after the Treasury listed it. Users complained of empty balances. One of them, a florist, said that she had kept her tax money there. \u{2018}There is no honest reason to run a bureau which never asks where the money is from,\u{2019} Economic Secretary Maren Oldcastle said. Blockchain sleuths had pointed at the firm for two years; a blogger from Leeds mapped its wallets in 2023 and was sued for it. The founder, whose whereabouts are unknown, denied everything in a video posted from what looked like a swimming pool. His lawyers did not reply to a request for comment by the time of publication.",
    ),
    (
        6,
        "Hill states let foreign police watch their borders",
        "NESSOCK (Agency) - Five countries agreed on Thursday to let British police stand beside their own on mountain borders, a concession that two of them had long refused. Diplomats said money for roads had helped. \u{2018}No border is ours alone. A boat that is not sold in the hills is a boat which nobody has to rescue in the Channel,\u{2019} Home Secretary Corin Ashby said after signing. Villagers interviewed near the passes were less sure. The guides are their cousins, said one, and pay for the football pitch. Nationalists in the assembly of the largest of the five announced a vote of no confidence over what they called a surrender of sovereignty, though few expect it to succeed before the summer.",
    ),
];
