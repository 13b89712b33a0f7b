//! Dates as feeds write them, and the moments they are.

use proptest::prelude::*;

use super::*;

#[test]
fn dates_are_read_as_feeds_write_them() {
    for (given, expected) in [
        ("2025-04-02T11:05:00Z", "2025-04-02T11:05:00Z"),
        ("2025-04-02T12:05:00+01:00", "2025-04-02T11:05:00Z"),
        ("2025-04-02T12:05:00.250+0100", "2025-04-02T11:05:00Z"),
        ("2025-04-02t11:05z", "2025-04-02T11:05:00Z"),
        ("2025-04-02 11:05:00", "2025-04-02T11:05:00Z"),
        ("2025-04-02 11:05:00 UTC", "2025-04-02T11:05:00Z"),
        ("2025-04-02", "2025-04-02T00:00:00Z"),
        ("2025-04", "2025-04-01T00:00:00Z"),
        ("2025", "2025-01-01T00:00:00Z"),
        ("2025/4/2", "2025-04-02T00:00:00Z"),
        ("2025-092", "2025-04-02T00:00:00Z"),
        ("2011-02-2T10:00", "2011-02-02T10:00:00Z"),
        ("20250402", "2025-04-02T00:00:00Z"),
        ("20250402110500", "2025-04-02T11:05:00Z"),
        ("1743591900", "2025-04-02T11:05:00Z"),
        ("1743591900000", "2025-04-02T11:05:00Z"),
        ("Wed, 02 Apr 2025 12:05:00 +0100", "2025-04-02T11:05:00Z"),
        ("Mon, 2 Apr 25 11:05 GMT", "2025-04-02T11:05:00Z"),
        ("02 April 2025 11:05:00", "2025-04-02T11:05:00Z"),
        ("Wednesday, 2nd April, 2025 at 11:05", "2025-04-02T11:05:00Z"),
        ("April 2, 2025, 11:05 a.m.", "2025-04-02T11:05:00Z"),
        ("Wed, 02 Apr 2025 12:05:00 BST", "2025-04-02T11:05:00Z"),
        ("Wed, 02 Apr 2025 07:05:00 EDT", "2025-04-02T11:05:00Z"),
        ("Wed, 02 Apr 2025 11:05:00 GMT+00:00", "2025-04-02T11:05:00Z"),
        ("Wed Apr 02 2025 13:05:00 GMT+0200 (CEST)", "2025-04-02T11:05:00Z"),
        ("Wed Apr  2 11:05:00 2025", "2025-04-02T11:05:00Z"),
        ("Wed Apr  2 11:05:00 GMT 2025", "2025-04-02T11:05:00Z"),
        ("02-Apr-2025 11:05:00", "2025-04-02T11:05:00Z"),
        ("4/2/2025 11:05:00 PM", "2025-04-02T23:05:00Z"),
        ("25/04/2025 12:00 AM", "2025-04-25T00:00:00Z"),
        ("02.04.2025 11:05", "2025-04-02T11:05:00Z"),
        ("(2 April 2025)", "2025-04-02T00:00:00Z"),
        ("[02.04.2025 11:05]", "2025-04-02T11:05:00Z"),
        ("(Wed, 02 Apr 2025 12:05:00 +0100)", "2025-04-02T11:05:00Z"),
        ("( 2 April 2025", "2025-04-02T00:00:00Z"),
        ("Published (2 April 2025", "2025-04-02T00:00:00Z"),
        ("[(2025-04-02)]", "2025-04-02T00:00:00Z"),
        ("(2025年4月2日)", "2025-04-02T00:00:00Z"),
        ("02.04.25", "2025-04-02T00:00:00Z"),
        ("mar., 1 avr. 2025 13:05:00 +0200", "2025-04-01T11:05:00Z"),
        ("Mittwoch, 2. April 2025 13:05 MESZ", "2025-04-02T11:05:00Z"),
        ("2 de abril de 2025", "2025-04-02T00:00:00Z"),
        ("Ср, 02 апр 2025 14:05:00 MSK", "2025-04-02T11:05:00Z"),
        ("śr., 02 kwi 2025 13:05:00 CEST", "2025-04-02T11:05:00Z"),
        ("Τετ, 02 Απρ 2025 14:05:00 EEST", "2025-04-02T11:05:00Z"),
        ("Wed, 02 Apr 2025 24:00:00 GMT", "2025-04-03T00:00:00Z"),
        ("Wed, 02 Apr 2025 11:05:60 GMT", "2025-04-02T11:05:59Z"),
        ("\n  Wed, 02 Apr 2025 11:05:00 Z\t", "2025-04-02T11:05:00Z"),
    ] {
        let read = parse(given).map(|moment| moment.to_string());
        assert_eq!(read.as_deref(), Some(expected), "{given}");
    }
}

/// Own forms of each language: the first of each was met, the others are its kind.
#[test]
fn dates_are_read_in_the_departments_languages() {
    let mut wrong = Vec::new();
    for (language, given, expected) in [
        ("tr", "30 Kasım 2025 Pazar 10:00", "2025-11-30T10:00:00Z"),
        ("tr", "Pazartesi, 1 Aralık 2025", "2025-12-01T00:00:00Z"),
        ("tr", "30 Kas 2025 Paz 10:00", "2025-11-30T10:00:00Z"),
        ("tr", "1 Ağustos 2025 Cuma, saat 14.30", "2025-08-01T14:30:00Z"),
        ("hu", "2025. november 23., vasárnap", "2025-11-23T00:00:00Z"),
        ("hu", "2025. márc. 4., kedd 9.05", "2025-03-04T09:05:00Z"),
        ("hu", "2025. 11. 23. 10:30", "2025-11-23T10:30:00Z"),
        ("hr", "28. studenoga 2025. 10:00", "2025-11-28T10:00:00Z"),
        ("hr", "pet, 28 stu 2025 10:00:00 CET", "2025-11-28T09:00:00Z"),
        ("hr", "3. listopada 2025.", "2025-10-03T00:00:00Z"),
        ("hr", "pet, 28. 11. 2025. 10:30", "2025-11-28T10:30:00Z"),
        ("pl", "3 listopada 2025", "2025-11-03T00:00:00Z"),
        ("pl", "piątek, 10 października 2025 r., godz. 10.30", "2025-10-10T10:30:00Z"),
        ("cs", "pátek 28. listopadu 2025 v 10.30 hodin", "2025-11-28T10:30:00Z"),
        ("cs", "28. 11. 2025 10:30", "2025-11-28T10:30:00Z"),
        ("cs", "1. července 2025", "2025-07-01T00:00:00Z"),
        ("cs", "1. června 2025", "2025-06-01T00:00:00Z"),
        ("sk", "štvrtok 27. novembra 2025", "2025-11-27T00:00:00Z"),
        ("sk", "27.novembra 2025", "2025-11-27T00:00:00Z"),
        ("sl", "petek, 28. 11. 2025 ob 10.30", "2025-11-28T10:30:00Z"),
        ("nl", "ma, 08 okt 2018 10:09:29 +0000", "2018-10-08T10:09:29Z"),
        ("nl", "vrijdag 28 november 2025, 10:30 uur", "2025-11-28T10:30:00Z"),
        ("nl", "28 mrt 2025 10u30", "2025-03-28T10:30:00Z"),
        ("fr", "vendredi 28 novembre 2025 à 10h30", "2025-11-28T10:30:00Z"),
        ("fr", "mardi 4 mars 2025 à 9 h 05", "2025-03-04T09:05:00Z"),
        ("fr", "mar. 1 mai 2025", "2025-05-01T00:00:00Z"),
        ("fr", "1er août 2025, 18h", "2025-08-01T18:00:00Z"),
        ("de", "Freitag, 28. November 2025, 10.30 Uhr", "2025-11-28T10:30:00Z"),
        ("de", "10.30 Uhr, 28. November 2025", "2025-11-28T10:30:00Z"),
        ("de", "am 28. Jänner 2025 um 12:30 Uhr", "2025-01-28T12:30:00Z"),
        ("de", "Di, 4. Mrz 2025 9 Uhr", "2025-03-04T09:00:00Z"),
        ("es", "martes, 4 de marzo de 2025, 10:30 p. m.", "2025-03-04T22:30:00Z"),
        ("es", "dom, 2 nov 2025 10:00", "2025-11-02T10:00:00Z"),
        ("pt", "terça-feira, 4 de março de 2025 às 10h30min", "2025-03-04T10:30:00Z"),
        ("it", "martedì 4 marzo 2025 alle 10.30", "2025-03-04T10:30:00Z"),
        ("it", "ven, 28 nov 2025 ore 10:30", "2025-11-28T10:30:00Z"),
        ("da", "tirsdag den 4. marts 2025 kl. 10.30", "2025-03-04T10:30:00Z"),
        ("sv", "kl. 10.30 den 4 mars 2025", "2025-03-04T10:30:00Z"),
        ("no", "lørdag 6. desember 2025", "2025-12-06T00:00:00Z"),
        ("fi", "perjantaina 28. marraskuuta 2025 klo 10.30", "2025-11-28T10:30:00Z"),
        ("fi", "ma 3.3.2025 klo 9.05", "2025-03-03T09:05:00Z"),
        ("et", "reede, 28. november 2025 kell 10.30", "2025-11-28T10:30:00Z"),
        ("et", "7. veebruar 2025", "2025-02-07T00:00:00Z"),
        ("lv", "piektdiena, 2025. gada 28. novembrī", "2025-11-28T00:00:00Z"),
        ("lt", "2025 m. lapkričio 28 d. 10:30", "2025-11-28T10:30:00Z"),
        ("lt", "2025 m. vasario 3 d.", "2025-02-03T00:00:00Z"),
        ("ro", "marți, 4 martie 2025, ora 10:30", "2025-03-04T10:30:00Z"),
        ("ro", "vineri, 28 noiembrie 2025", "2025-11-28T00:00:00Z"),
        ("bg", "петък, 28 ноември 2025 г., 10:30 ч.", "2025-11-28T10:30:00Z"),
        ("el", "Παρασκευή, 28 Νοεμβρίου 2025 - 10:30 μ.μ.", "2025-11-28T22:30:00Z"),
        ("el", "1 Αυγ 2025", "2025-08-01T00:00:00Z"),
        ("mt", "Il-Ġimgħa, 28 ta' Novembru 2025", "2025-11-28T00:00:00Z"),
        ("mt", "3 ta’ Ġunju 2025", "2025-06-03T00:00:00Z"),
        ("ga", "Dé hAoine, 28 Samhain 2025", "2025-11-28T00:00:00Z"),
        ("ga", "3 Meán Fómhair 2025", "2025-09-03T00:00:00Z"),
        ("ga", "3 Deireadh Fómhair 2025", "2025-10-03T00:00:00Z"),
        ("cy", "Dydd Mawrth, 4 Tachwedd 2025", "2025-11-04T00:00:00Z"),
        ("cy", "4 Mawrth 2025", "2025-03-04T00:00:00Z"),
        ("gd", "28 An t-Samhain 2025", "2025-11-28T00:00:00Z"),
        ("sq", "e premte, 28 Nëntor 2025, ora 10:30", "2025-11-28T10:30:00Z"),
        ("is", "föstudagur 28. nóvember 2025 kl. 10:30", "2025-11-28T10:30:00Z"),
        ("ru", "28 ноября 2025, 10:30", "2025-11-28T10:30:00Z"),
        ("uk", "28 листопада 2025", "2025-11-28T00:00:00Z"),
        ("uk", "1 липня 2025", "2025-07-01T00:00:00Z"),
        ("sr", "petak, 28. novembar 2025.", "2025-11-28T00:00:00Z"),
        ("mk", "петок, 28 ноември 2025", "2025-11-28T00:00:00Z"),
        ("ca", "divendres, 28 de novembre de 2025", "2025-11-28T00:00:00Z"),
        ("ar", "الجمعة، 28 نوفمبر 2025", "2025-11-28T00:00:00Z"),
        ("ar", "٢٨ تشرين الثاني ٢٠٢٥", "2025-11-28T00:00:00Z"),
        ("ar", "3 كانون الثاني/يناير 2025", "2025-01-03T00:00:00Z"),
        ("he", "יום שישי, 28 בנובמבר 2025, 10:30", "2025-11-28T10:30:00Z"),
        ("zh", "2025年11月28日 星期五 上午10:30", "2025-11-28T10:30:00Z"),
        ("zh-tw", "中華民國114年11月28日", "2025-11-28T00:00:00Z"),
        ("ja", "2025年11月28日(金) 15時30分", "2025-11-28T15:30:00Z"),
        ("ja", "令和7年4月2日", "2025-04-02T00:00:00Z"),
        ("ko", "2025년 11월 28일 금요일 오후 3:30", "2025-11-28T15:30:00Z"),
        ("ko", "2025. 11. 28. 오전 10:30", "2025-11-28T10:30:00Z"),
        ("hr", "28. XI. 2025.", "2025-11-28T00:00:00Z"),
        ("it", "lun 24. 11. 2025 10:30", "2025-11-24T10:30:00Z"),
        ("fr", "mar. 25. 11. 2025", "2025-11-25T00:00:00Z"),
        ("hr", "srijeda, 26. studenog 2025. u 14:30 sati", "2025-11-26T14:30:00Z"),
        ("pl", "26.XI.2025 14:30", "2025-11-26T14:30:00Z"),
        ("fr", "26/nov./2025 14:30", "2025-11-26T14:30:00Z"),
        ("zh", "二〇二五年十一月二十六日", "2025-11-26T00:00:00Z"),
        ("zh", "二〇二五年十月二十日下午三时", "2025-10-20T15:00:00Z"),
    ] {
        let mut dates = Dates::default();
        dates.speak(Some(language));
        let read = dates.read(given).map(|moment| moment.to_string());
        if read.as_deref() != Some(expected) {
            wrong.push(format!("{language}: {given} is read as {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_document_has_one_order_of_day_and_month() {
    let april = Some("2025-04-02T10:00:00Z");
    let february = Some("2025-02-04T10:00:00Z");
    for (language, host, others, expected) in [
        (Some("en-GB"), "a.example", &[][..], april),
        (Some("en-US"), "a.example", &[], february),
        (Some("fr"), "a.example", &[], april),
        (Some("en"), "www.gov.uk", &[], april),
        (Some("en"), "www.state.gov", &[], february),
        (None, "min.example.ie", &[], april),
        (None, "a.example", &[], february),
        (None, "a.example", &["25/03/2025"], april),
        (Some("en-GB"), "a.example", &["03/25/2025"], february),
        (Some("en-US"), "a.example", &["13/03/2025", "03/25/2025", "14/03/2025"], april),
    ] {
        let url = url::Url::parse(&format!("https://{host}/feed")).unwrap();
        let mut dates = Dates::of(Some(&url));
        dates.speak(language);
        let read = |dates: &mut Dates| {
            let date = dates.read("02/04/2025 10:00:00").map(|moment| moment.to_string());
            others.iter().for_each(|other| assert!(dates.read(other).is_some(), "{other}"));
            date
        };
        let first = read(&mut dates);
        let again = dates.again().map(|mut dates| read(&mut dates));
        assert_eq!(again.unwrap_or(first).as_deref(), expected, "{language:?} {host} {others:?}");
    }
}

#[test]
fn dates_in_markup_and_in_the_basic_form_are_read() {
    for (given, expected) in [
        ("20251128T100000Z", "2025-11-28T10:00:00Z"),
        ("20251128T1030", "2025-11-28T10:30:00Z"),
        ("2025-04-02T11:05:00,123Z", "2025-04-02T11:05:00Z"),
        ("2025-04-02 11:05:00,5 +0100", "2025-04-02T10:05:00Z"),
        ("20251128 103000 +0100", "2025-11-28T09:30:00Z"),
        ("<time datetime=\"2025-11-28T10:00:00Z\">x</time>", "2025-11-28T10:00:00Z"),
        ("<span class='date'>28 November 2025</span>", "2025-11-28T00:00:00Z"),
        ("<span content=\"2025-11-28T11:00:00+01:00\">Friday</span>", "2025-11-28T10:00:00Z"),
    ] {
        let read = parse(given).map(|moment| moment.to_string());
        assert_eq!(read.as_deref(), Some(expected), "{given}");
    }
}

/// Own forms of more languages and calendars.
#[test]
fn dates_are_read_in_more_languages_and_calendars() {
    let mut wrong = Vec::new();
    for (language, given, expected) in [
        ("en", "28 November 2026 at noon", "2026-11-28T12:00:00Z"),
        ("en", "Noon, 28 November 2026", "2026-11-28T12:00:00Z"),
        ("en", "28 November 2026, 12 midnight", "2026-11-28T00:00:00Z"),
        ("en", "12 noon ET, November 28, 2026", "2026-11-28T17:00:00Z"),
        ("fr", "28 novembre 2026 à midi", "2026-11-28T12:00:00Z"),
        ("fr", "28 novembre 2026, 4 h de l'après-midi", "2026-11-28T16:00:00Z"),
        ("fr", "28 novembre 2026 à 8h30 du soir", "2026-11-28T20:30:00Z"),
        ("es", "28 de noviembre de 2026, 4:30 de la tarde", "2026-11-28T16:30:00Z"),
        ("es", "28 de noviembre de 2026, 10:00 de la mañana", "2026-11-28T10:00:00Z"),
        ("pt", "28 de novembro de 2026 às 3h da tarde", "2026-11-28T15:00:00Z"),
        ("ru", "28 ноября 2026, 7:15 вечера", "2026-11-28T19:15:00Z"),
        ("vi", "28/11/2026 10:30 CH", "2026-11-28T22:30:00Z"),
        ("vi", "28/11/2026 10:30 SA", "2026-11-28T10:30:00Z"),
        ("th", "28 พฤศจิกายน 2569", "2026-11-28T00:00:00Z"),
        ("th", "วันเสาร์ที่ 28 พ.ย. 2569 เวลา 10:30 น.", "2026-11-28T10:30:00Z"),
        ("th", "3 มี.ค. 2569", "2026-03-03T00:00:00Z"),
        ("th", "3 ม.ค. 2569", "2026-01-03T00:00:00Z"),
        ("th", "๓ มิ.ย. ๒๕๖๙", "2026-06-03T00:00:00Z"),
        ("th", "28/11/2569", "2026-11-28T00:00:00Z"),
        ("fa", "۷ آذر ۱۴۰۵", "2026-11-28T00:00:00Z"),
        ("fa", "شنبه ۷ آذر ۱۴۰۵ - ۱۰:۳۰", "2026-11-28T10:30:00Z"),
        ("fa", "1405/09/07", "2026-11-28T00:00:00Z"),
        ("fa", "۲۸ نوامبر ۲۰۲۶", "2026-11-28T00:00:00Z"),
        ("fa", "۷ قوس ۱۴۰۵", "2026-11-28T00:00:00Z"),
        ("hi", "28 नवंबर 2026", "2026-11-28T00:00:00Z"),
        ("hi", "२ मई २०२६", "2026-05-02T00:00:00Z"),
        ("bn", "২৮ নভেম্বর ২০২৬", "2026-11-28T00:00:00Z"),
        ("ta", "28 நவம்பர் 2026", "2026-11-28T00:00:00Z"),
        ("id", "Senin, 3 Agustus 2026", "2026-08-03T00:00:00Z"),
        ("ms", "28 Disember 2026", "2026-12-28T00:00:00Z"),
        ("ms", "3 Ogos 2026", "2026-08-03T00:00:00Z"),
        ("ka", "28 ნოემბერი, 2026", "2026-11-28T00:00:00Z"),
        ("hy", "28 նոյեմբերի, 2026", "2026-11-28T00:00:00Z"),
        ("az", "28 noyabr 2026", "2026-11-28T00:00:00Z"),
        ("uz", "2026-yil 28-noyabr", "2026-11-28T00:00:00Z"),
        ("kk", "28 қараша 2026", "2026-11-28T00:00:00Z"),
        ("be", "28 лістапада 2026", "2026-11-28T00:00:00Z"),
        ("ur", "28 نومبر 2026", "2026-11-28T00:00:00Z"),
        ("rm", "28 da favrer 2026", "2026-02-28T00:00:00Z"),
        ("sw", "28 Machi 2026", "2026-03-28T00:00:00Z"),
        ("ja", "R8.11.28", "2026-11-28T00:00:00Z"),
        ("ja", "令和8/11/28 10:30", "2026-11-28T10:30:00Z"),
        ("ja", "H31.4.1", "2019-04-01T00:00:00Z"),
        ("zh-tw", "115-11-28", "2026-11-28T00:00:00Z"),
        ("zh-tw", "115/11/28 10:30", "2026-11-28T10:30:00Z"),
        ("zh-tw", "115年11月28日", "2026-11-28T00:00:00Z"),
        ("zh", "发布时间：2026-11-28", "2026-11-28T00:00:00Z"),
        ("zh", "2026-11-28 10：30", "2026-11-28T10:30:00Z"),
        ("en", "/Date(1795860000000+0100)/", "2026-11-28T10:00:00Z"),
        ("en", "/Date(1795860000000)/", "2026-11-28T10:00:00Z"),
        ("en", "2026-W48-6", "2026-11-28T00:00:00Z"),
        ("en", "2026W486T10:30Z", "2026-11-28T10:30:00Z"),
        ("en", "Sat, 28 Nov 0026 10:00:00 GMT", "2026-11-28T10:00:00Z"),
        ("en", "Fri, Jun 26 2026 10:04:03 AM", "2026-06-26T10:04:03Z"),
        ("en", "Mo, 25 Jun 2018 11:41:36", "2018-06-25T11:41:36Z"),
        ("en", "Tue, 24 May 2016 2:17:57 PM CEST", "2016-05-24T12:17:57Z"),
    ] {
        let mut dates = Dates::default();
        dates.speak(Some(language));
        let read = dates.read(given).map(|moment| moment.to_string());
        if read.as_deref() != Some(expected) {
            wrong.push(format!("{language}: {given} is read as {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_date_is_absent() {
    for text in [
        "",
        "soon",
        "0",
        "12:00",
        "31 Feb 2025",
        "1405/07/31",
        "noon",
        "2025-13-01",
        "Wed, 02 Apr",
        "99:99 1 May 2025",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn the_future_is_kept_and_the_distant_past_is_left_out() {
    for (given, expected) in [
        ("2999-01-01T00:00:00Z", parse("2999-01-01T00:00:00Z")),
        ("2025-04-02T11:04:59Z", parse("2025-04-02T11:04:59Z")),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
    ] {
        assert_eq!(Dates::default().read(given), expected, "{given}");
    }
}

proptest! {
    #[test]
    fn a_moment_reads_back_from_both_standard_forms(secs in 0_i64..4_000_000_000) {
        let moment = Timestamp::from_secs(secs);
        prop_assert_eq!(parse(&moment.to_string()), Some(moment));
        prop_assert_eq!(parse(&moment.to_chrono().to_rfc2822()), Some(moment));
    }

    #[test]
    fn any_text_is_read_or_absent(text in "\\PC{0,40}", likely in "[0-9:/.+ TZapm-]{0,30}") {
        let _ = (parse(&text), parse(&likely));
    }
}
