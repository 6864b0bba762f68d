//! Downloads: whole, damaged and hostile ones.

use std::time::{Duration, Instant};

use letterproof_contract::content::{MAX_PDF_BYTES, inspect_download, inspect_pdf, looks_like_pdf};
use lopdf::{Document, Object, Stream, dictionary};

/// A PDF of so many pages, padded to about `size` bytes.
fn pdf(pages: usize, size: usize) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let tree = document.new_object_id();
    let padding = document.add_object(Stream::new(dictionary! {}, vec![b'x'; size]));
    let kids: Vec<Object> = (0..pages)
        .map(|_| {
            let content = Stream::new(dictionary! {}, b"BT (Dear patient) Tj ET".to_vec());
            let content = document.add_object(content);
            let page = dictionary! {
                "Type" => "Page", "Parent" => tree, "Contents" => content,
                "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            };
            document.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(pages).unwrap();
    let root = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count };
    document.objects.insert(tree, Object::Dictionary(root));
    let catalog = dictionary! { "Type" => "Catalog", "Pages" => tree, "Padding" => padding };
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[track_caller]
fn problem(bytes: &[u8]) -> String {
    let content = inspect_pdf(bytes);
    assert_eq!(content.pages, None);
    assert_eq!(content.length, bytes.len() as u64);
    content.problem.unwrap()
}

#[test]
fn a_whole_pdf_gives_length_hash_and_pages() {
    for pages in [1, 2, 7] {
        let bytes = pdf(pages, 1_000);
        let content = inspect_pdf(&bytes);
        assert_eq!(content.problem, None);
        assert_eq!(content.pages, Some(u32::try_from(pages).unwrap()));
        assert_eq!(content.length, bytes.len() as u64);
        assert_eq!(content.sha256.len(), 64);
    }
}

#[test]
fn the_hash_is_that_of_the_standard() {
    assert_eq!(
        inspect_pdf(b"abc").sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
}

#[test]
fn a_pdf_that_was_cut_is_a_problem_wherever_it_was_cut() {
    let bytes = pdf(2, 20_000);
    for part in [1, 10, 100, 1_000, bytes.len() / 2, bytes.len() - 10] {
        let problem = problem(&bytes[..part]);
        assert!(problem.contains("truncated") || problem.contains("header"), "{part}: {problem}");
    }
    assert_eq!(problem(b""), "the PDF is empty");
    assert!(problem(b"<html>not found</html>").contains("header"));
}

/// The first of these bytes replaced by others of the same length, so that nothing else moves.
fn spoiled(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|place| place == from.as_bytes()).unwrap();
    let mut spoiled = bytes.to_vec();
    spoiled[at..at + from.len()].copy_from_slice(to.as_bytes());
    spoiled
}

#[test]
fn what_readers_repair_in_silence_is_a_remark_and_the_pages_are_counted() {
    let bytes = pdf(2, 100);
    for (from, to, why) in [
        ("/Count 2", "/Count 3", "it declares 3 pages and holds 2"),
        ("/Count 2", "/Count 1", "it declares 1 pages and holds 2"),
        ("/Type/Page/", "/Type/Qage/", "a page has no /Type /Page"),
        ("/Type/Page/", "/Epyt/Page/", "a page has no /Type /Page"),
        ("/Type/Pages", "/Epyt/Pages", "a part of its page tree has no /Type /Pages"),
        ("startxref", "startxxxx", "its cross-reference table is wrong"),
        ("/Root", "/Toor", "its cross-reference table is wrong"),
    ] {
        let content = inspect_pdf(&spoiled(&bytes, from, to));
        let seen = (content.pages, content.problem.as_deref(), content.repaired.as_deref());
        assert_eq!(seen, (Some(2), None, Some(why)), "{from} → {to}");
    }
    let marker = bytes.len() - "%%EOF".len();
    let content = inspect_pdf(&bytes[..marker]);
    let why = Some("its end-of-file marker is missing");
    assert_eq!((content.pages, content.repaired.as_deref()), (Some(2), why));
    let number = bytes[..marker].trim_ascii_end().len() - 1;
    let word = bytes[..number].iter().rposition(|byte| *byte == b'\n').unwrap();
    assert_eq!(problem(&bytes[..word]), "truncated: the end-of-file marker is missing");
    // Another number may be the beginning of anything.
    let further = [&bytes[..marker], b"% 9"].concat();
    assert_eq!(problem(&further), "truncated: the end-of-file marker is missing");
    // Without a number of its own the pages that are there count.
    let content = inspect_pdf(&spoiled(&bytes, "/Count", "/Tnuoc"));
    assert_eq!((content.pages, content.repaired), (Some(2), None));
}

#[test]
fn offsets_that_miss_by_a_few_bytes_are_a_remark() {
    let bytes = pdf(2, 100);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let at = text.rfind("startxref\n").unwrap() + "startxref\n".len();
    let number = text[at..].lines().next().unwrap();
    let offset: usize = number.parse().unwrap();
    let why = Some("its cross-reference table is wrong");
    // Just before the table stands a line end, which is no mistake.
    for (wrong, why) in [(offset - 1, None), (offset + 1, why), (offset + 100, why), (0, why)] {
        let moved = format!("startxref\n{wrong}");
        let moved = spoil_tail(&bytes, &format!("startxref\n{number}"), &moved);
        let content = inspect_pdf(&moved);
        assert_eq!((content.pages, content.repaired.as_deref()), (Some(2), why), "{wrong}");
    }
}

/// A file of these objects whose table misses each by so many bytes, or does not name it.
fn tabled(objects: &[(&str, Option<usize>)]) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (object, missed) in objects {
        if let Some(missed) = missed {
            table += &format!("{:010} 00000 n \n", file.len() + missed);
        }
        file += &format!("{object}endobj\n");
    }
    let (start, size) = (file.len(), table.lines().count());
    file += &format!("xref\n0 {size}\n{table}trailer<</Size {size}/Root 1 0 R>>\n");
    format!("{file}startxref\n{start}\n%%EOF\n").into_bytes()
}

#[test]
fn a_page_that_its_table_misses_is_looked_for_as_other_readers_do() {
    let missed_by = |bytes: usize| {
        let content = inspect_pdf(&tabled(&[
            ("1 0 obj<</Type/Catalog/Pages 2 0 R>>", Some(0)),
            ("2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>", Some(0)),
            ("3 0 obj<</Type/Page/MediaBox[0 0 9 9]>>", Some(bytes)),
        ]));
        (content.pages, content.problem, content.repaired)
    };
    assert_eq!(missed_by(0), (Some(1), None, None));
    let why = "its cross-reference table is wrong".to_owned();
    assert_eq!(missed_by(3), (Some(1), None, Some(why)));
}

#[test]
fn objects_that_the_table_does_not_name_are_no_part_of_the_file() {
    let file = tabled(&[
        ("1 0 obj<</Type/Catalog/Pages 2 0 R>>", Some(0)),
        ("2 0 obj<</Type/Pages/Kids[]/Count 0>>", Some(0)),
        ("2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>", None),
        ("3 0 obj<</Type/Page/MediaBox[0 0 9 9]>>", Some(0)),
    ]);
    assert_eq!(problem(&file), "no page: the PDF's page tree is empty");
}

/// The last of these bytes replaced by others.
fn spoil_tail(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = bytes.windows(from.len()).rposition(|place| place == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn a_page_or_a_tree_that_cannot_be_reached_is_damage() {
    let bytes = pdf(2, 100);
    for (from, to, why) in [
        ("/Pages ", "/Segap ", "damaged: the PDF's page tree cannot be reached"),
        ("/Kids[", "/Sdik[", "damaged: the PDF's page tree cannot be reached"),
        ("/Count 2", "/Count 0", ""),
    ] {
        let content = inspect_pdf(&spoiled(&bytes, from, to));
        assert_eq!(content.problem.as_deref().unwrap_or_default(), why, "{from} → {to}");
    }
    let empty = "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
                 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n\
                 trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n";
    assert_eq!(problem(empty.as_bytes()), "no page: the PDF's page tree is empty");
    let gone = empty.replace("[]/Count 0", "[3 0 R]/Count 1");
    assert_eq!(problem(gone.as_bytes()), "damaged: a page of the PDF cannot be read");
}

#[test]
fn what_stands_after_the_end_is_no_damage_and_a_cut_revision_is() {
    for pages in [1, 3] {
        let bytes = pdf(pages, 3_000);
        for padding in [
            b"\0".repeat(2_048),
            b" ".repeat(70_000),
            b"\r\n".repeat(900),
            [b"<html>".to_vec(), b"x".repeat(5_000), b"</html>".to_vec()].concat(),
            b"\n%%EOF".repeat(300),
            [b"\n9 0 R\n".to_vec(), b"x".repeat(5_000)].concat(),
            format!("\n9 0 obj\n{:1015}", "").into_bytes(),
        ] {
            let content = inspect_pdf(&[bytes.clone(), padding].concat());
            let found = (content.pages, content.problem, content.repaired);
            assert_eq!(found, (Some(u32::try_from(pages).unwrap()), None, None));
        }
        let update = format!("\n9 0 obj\n<</Length 2000>>stream\n{}", "x".repeat(1_500));
        let cut = [bytes, update.into_bytes()].concat();
        assert_eq!(problem(&cut), "truncated: the end-of-file marker is missing");
    }
}

#[test]
fn what_other_tools_wrote_is_read_for_what_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/pdf");
    let mut read: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let content = inspect_pdf(&std::fs::read(&path).unwrap());
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(content.repaired, None, "{name}");
            match content.pages {
                Some(pages) => format!("{name}: {pages} pages"),
                None => format!("{name}: {}", content.problem.unwrap()),
            }
        })
        .collect();
    read.sort();
    insta::assert_snapshot!(read.join("\n"), @r"
    html-appended: 2 pages
    nul-padded-2k: 2 pages
    owner-password-in-trailer: 1 pages
    owner-password-object-streams: 2 pages
    owner-password-only: 2 pages
    plain: 2 pages
    spaces-4k-then-newline: 2 pages
    user-password: encrypted: the PDF cannot be read without a password or a key
    ");
}

/// Made with qpdf 12.4 (by pikepdf 10.18), MuPDF 2.0, ReportLab, fpdf2, pypdf, pdfrw, img2pdf, pdf-lib and
/// pdfkit: plain, linearised, with object streams, nested, merged, revised and under an owner's
/// password. A name ends with the number of pages that qpdf counts.
#[test]
fn the_pages_of_more_than_a_hundred_pdfs_of_other_tools_are_counted() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/pdf/made");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let pages: u32 = name.rsplit('-').next().unwrap().parse().unwrap();
        let content = inspect_pdf(&std::fs::read(&path).unwrap());
        let seen = (content.pages, content.problem, content.repaired);
        assert_eq!(seen, (Some(pages), None, None), "{name}");
        read += 1;
    }
    assert!(read >= 100, "{read}");
}

#[test]
fn a_small_tree_that_names_its_parts_over_and_over_ends_soon() {
    let mut objects = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n".to_owned();
    for node in 2..40 {
        let next = node + 1;
        let kids = format!("{next} 0 R ").repeat(20);
        objects += &format!("{node} 0 obj<</Type/Pages/Kids[{kids}]/Count 1>>endobj\n");
    }
    objects += "40 0 obj<</Type/Page/MediaBox[0 0 9 9]>>endobj\n";
    let bytes = format!("%PDF-1.7\n{objects}trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    let begun = Instant::now();
    assert!(problem(bytes.as_bytes()).contains("more than 200000 entries"));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_tree_with_as_many_entries_as_are_read_is_read() {
    // The root is an entry as well.
    let named = |pages: usize| {
        let kids = "3 0 R ".repeat(pages);
        let bytes = format!(
            "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
             2 0 obj<</Type/Pages/Kids[{kids}]/Count {pages}>>endobj\n\
             3 0 obj<</Type/Page/MediaBox[0 0 9 9]>>endobj\n\
             trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
        );
        inspect_pdf(bytes.as_bytes()).pages
    };
    assert_eq!(named(199_999), Some(199_999));
    assert_eq!(named(200_000), None);
}

#[test]
fn an_encrypted_pdf_is_a_problem_and_says_so() {
    let mut document = Document::load_mem(&pdf(1, 100)).unwrap();
    document
        .trailer
        .set("ID", Object::Array(vec![Object::string_literal("a"), Object::string_literal("b")]));
    let version = lopdf::EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: lopdf::Permissions::empty(),
    };
    let state = lopdf::EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    assert!(problem(&bytes).contains("encrypted"));
}

#[test]
fn an_encrypted_pdf_whose_permissions_were_changed_is_encrypted_and_not_damaged() {
    let whole = include_bytes!("pdf/made/qpdf-owner-r6-1-1.pdf");
    assert_eq!(inspect_pdf(whole).pages, Some(1));
    // The empty password is right; the sealed copy of the permissions is not theirs any more.
    let bytes = spoiled(whole, "/P -1028", "/P -1029");
    assert_eq!(problem(&bytes), "encrypted: the PDF cannot be read without a password or a key");
}

#[test]
fn a_pdf_beyond_the_cap_is_hashed_but_not_read_and_one_at_the_cap_is() {
    let overhead = pdf(1, MAX_PDF_BYTES / 2).len() - MAX_PDF_BYTES / 2;
    let mut bytes = pdf(1, MAX_PDF_BYTES - overhead);
    assert_eq!(bytes.len(), MAX_PDF_BYTES);
    assert_eq!(inspect_pdf(&bytes).pages, Some(1));
    bytes.push(b'\n');
    assert_eq!(problem(&bytes), "longer than 67108864 bytes, so not read as a PDF");
}

#[test]
fn no_damage_takes_the_harness_down_or_holds_it_up() {
    let whole = pdf(3, 2_000);
    // A small generator of our own keeps the test the same on every machine.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 1).unwrap_or(0) % below
    };
    let begun = Instant::now();
    for _ in 0..1_500 {
        let mut bytes = whole.clone();
        for _ in 0..=random(8) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap_or(0),
                1 => bytes[at] = b"0123456789<>[]()/ "[random(18)],
                2 => drop(bytes.drain(at..(at + random(50)).min(bytes.len()))),
                _ => {
                    let piece = bytes[at..(at + 40).min(bytes.len())].to_vec();
                    let to = random(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'%');
            }
        }
        let content = inspect_pdf(&bytes);
        assert_eq!(content.pages.is_some(), content.problem.is_none());
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn hostile_structures_end_in_a_problem_soon() {
    let wrap = |objects: &str| {
        format!("%PDF-1.7\n{objects}\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
    };
    let nested = format!("1 0 obj {} endobj", "<</A ".repeat(50_000));
    let brackets = format!("1 0 obj {} endobj", "[".repeat(200_000));
    let strings = format!("1 0 obj {} endobj", "(".repeat(200_000));
    let many: String = (0..20_000).map(|n| format!("{n} 0 obj null endobj\n")).collect();
    let cycle = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj";
    let length = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Length 2 0 R>>stream\nendstream endobj";
    for objects in [nested.as_str(), &brackets, &strings, &many, cycle, length] {
        let begun = Instant::now();
        assert!(problem(wrap(objects).as_bytes()).contains("damaged"));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_download_is_a_pdf_when_announced_or_when_it_begins_like_one() {
    assert!(looks_like_pdf(b"", Some("application/pdf")));
    assert!(looks_like_pdf(b"", Some("Application/PDF; charset=binary")));
    assert!(looks_like_pdf(b"%PDF-1.7", None));
    assert!(!looks_like_pdf(b"<Error>", Some("application/xml")));
    assert!(!looks_like_pdf(b"", None));
}

#[test]
fn of_a_storage_error_only_the_code_is_kept() {
    let xml = b"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>m</Message><Key>supplier/secret.pdf</Key></Error>";
    let (content, is_pdf) = inspect_download(xml, Some("application/xml"));
    assert!(!is_pdf);
    assert_eq!(content.problem.as_deref(), Some("NoSuchKey"));
    assert_eq!(content.length, xml.len() as u64);
    for odd in ["<Error><Code>a b/c</Code></Error>", "<Error><Code></Code></Error>", "<html/>"] {
        let (content, _) = inspect_download(odd.as_bytes(), None);
        assert_eq!(content.problem.as_deref(), Some("not a PDF"), "{odd}");
    }
    let (content, is_pdf) = inspect_download(&pdf(1, 10), Some("binary/octet-stream"));
    assert!(is_pdf && content.pages == Some(1));
    assert_eq!(inspect_download(b"", None).0.problem.as_deref(), Some("the download is empty"));
}

/// A PDF whose page tree lies in one compressed stream, which inflates to about `size` bytes.
fn compressed(size: usize) -> Vec<u8> {
    let mut document = Document::load_mem(&pdf(2, 10)).unwrap();
    document.add_object(Object::string_literal(vec![b'x'; size]));
    let mut bytes = Vec::new();
    document.save_modern(&mut bytes).unwrap();
    assert!(bytes.len() < size, "it is compressed");
    bytes
}

#[test]
fn structure_that_inflates_to_two_mebibytes_is_read_and_a_bomb_is_not_and_says_why() {
    let content = inspect_pdf(&compressed(2 * 1024 * 1024));
    assert_eq!((content.problem, content.pages), (None, Some(2)));
    let problem = problem(&compressed(17 * 1024 * 1024));
    assert_eq!(problem, "its structure inflates to more than 16777216 bytes, so not read");
}
