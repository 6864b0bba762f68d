//! Canaries: secrets planted in a whole flow must not come out anywhere but at the recorder.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::Stage;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_comes_out_in_logs_at_any_level_nor_in_debug_output() {
    let kept = Kept::default();
    let writer = kept.clone();
    // For the whole process, as a user's RUST_LOG=trace would have it.
    let set = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .try_init();
    assert!(set.is_ok(), "no other test may take the log");

    let stage = Stage::set().await.with_jwt();
    stage.api.seed_ordinary(2);
    let supplier = stage.supplier();
    let run = supplier.take_in_queue(2).await.unwrap();
    assert_eq!(run.letters.len(), 2);
    stage.api.world.lock().valid_tokens.clear();
    supplier.check_service().await.unwrap();

    let shown = format!("{:?} {:?} {run:?}", supplier.session(), stage.target);
    assert!(!shown.contains("canary"), "{shown}");
    // A crash shows what it holds in its debug form; nothing more is to be had of it.
    let answer = supplier.session().letter_data(&stage.flow, &"L0001".into()).await.unwrap();
    let link = answer.value.unwrap();
    let crash = std::thread::spawn(move || std::panic::panic_any(format!("{link:?} {shown}")));
    let message = crash.join().unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("signed link") && !message.contains("canary"), "{message}");
    let logged = String::from_utf8_lossy(&kept.0.lock()).into_owned();
    assert!(logged.contains("TRACE") || logged.contains("DEBUG"), "nothing was logged at all");
    let told: Vec<&str> = logged.lines().filter(|line| line.contains("canary")).take(3).collect();
    assert!(told.is_empty(), "{told:#?}");
}
