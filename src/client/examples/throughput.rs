//! tmp measurement
use letterproof_client::*;
use letterproof_model::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
#[derive(Default)]
struct Null(parking_lot::Mutex<u64>);
impl Recorder for Null {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        let mut n = self.0.lock();
        *n += 1;
        let h = |v: Vec<(String, String)>| v.into_iter().map(Header::from).collect();
        let b = |b: RawBody| match b {
            RawBody::None => Body::None,
            RawBody::Bytes(v) => Body::Json { text: String::from_utf8(v).unwrap() },
            RawBody::Download { content, .. } => Body::Pdf(content),
        };
        Ok(Arc::new(Exchange {
            id: ExchangeId::new(format!("ex-{n}")),
            actor: raw.actor,
            scenario: raw.scenario,
            attempt: raw.attempt,
            scheduled: raw.scheduled,
            started: raw.started,
            connection: raw.connection,
            request: Request {
                method: raw.request.method,
                url: raw.request.url,
                headers: h(raw.request.headers),
                body: b(raw.request.body),
            },
            outcome: match raw.outcome {
                RawOutcome::Response(r) => Outcome::Response(Response {
                    status: r.status,
                    headers: h(r.headers),
                    body: b(r.body),
                    headers_us: r.headers_us,
                    done_us: r.done_us,
                }),
                RawOutcome::Error(e) => Outcome::Error(e),
            },
        }))
    }
    fn mark(&self, _: Mark) -> Result<(), RecordError> {
        Ok(())
    }
    fn scrub(&self, t: &str) -> String {
        t.to_owned()
    }
}
type Seen = Arc<parking_lot::Mutex<Vec<Instant>>>;
async fn serve(stall: Option<(Duration, Duration)>, latency: Duration) -> (String, Seen) {
    let seen: Seen = Default::default();
    let s2 = seen.clone();
    let t0 = Instant::now();
    let app=axum::Router::new().route("/api/letters/{id}", axum::routing::get(move || { let s=s2.clone(); async move {
   if let Some((at,len))=stall { let e=t0.elapsed(); if e>at && e<at+len { tokio::time::sleep(at+len-e).await; } }
   s.lock().push(Instant::now());
   if !latency.is_zero(){ let r=(uuid::Uuid::new_v4().as_u128()%1000) as f64/1000.0; tokio::time::sleep(latency.mul_f64(0.8+0.4*r)).await; }
   ([("content-type","application/vnd.api+json")], r#"{"data":{"type":"Letter","id":"L1","attributes":{"status":"PENDING","specificationId":"integration-specification-english","groupId":"g"}}}"#) }}));
    let l = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let a = l.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(l, app).await.unwrap() });
    (format!("http://{a}/api"), seen)
}
fn busiest(v: &[Instant]) -> usize {
    let mut v = v.to_vec();
    v.sort();
    let mut f = 0;
    let mut m = 0;
    for i in 0..v.len() {
        while v[i] - v[f] >= Duration::from_secs(1) {
            f += 1
        }
        m = m.max(i - f + 1)
    }
    m
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let rt = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    rt.block_on(async move {
        let mode = args[1].as_str();
        let secs: u64 = args[2].parse().unwrap();
        let lat: u64 = args.get(3).map_or(0, |s| s.parse().unwrap());
        let stall = (mode == "stall").then_some((Duration::from_secs(4), Duration::from_secs(2)));
        let (url, seen) = serve(stall, Duration::from_millis(lat)).await;
        let mut t = Target::mock(&url, &url, Auth::None).unwrap();
        t.rate_limit = if mode == "free" { None } else { Some(300) };
        let s = Session::new(t, Arc::new(Null::default()), SessionOptions::default()).unwrap();
        let flow = Flow::supplier(None);
        let end = Instant::now() + Duration::from_secs(secs);
        let start = Instant::now();
        let n = if mode == "free" { 32 } else { 200 };
        let lags = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let hs: Vec<_> = (0..n)
            .map(|_| {
                let s = s.clone();
                let flow = flow.clone();
                let lags = lags.clone();
                tokio::spawn(async move {
                    let id = "L1".into();
                    let mut c = 0u64;
                    while Instant::now() < end {
                        let a = s.get_letter(&flow, &id).await.unwrap();
                        c += 1;
                        if let Some(d) = a.exchange.scheduled {
                            lags.lock().push(a.exchange.started.duration_since(d).as_micros());
                        }
                    }
                    c
                })
            })
            .collect();
        let mut c = 0;
        for h in hs {
            c += h.await.unwrap();
        }
        let el = start.elapsed().as_secs_f64();
        let mut l = lags.lock().clone();
        l.sort();
        let q = |p: f64| {
            l.get(((l.len() as f64 * p) as usize).min(l.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0)
        };
        println!(
            "{mode} lat {lat}: {c} in {el:.2}s = {:.0}/s busiest {} lag p50 {} p99 {} max {} us",
            c as f64 / el,
            busiest(&seen.lock()),
            q(0.5),
            q(0.99),
            q(1.0)
        );
    });
}
