//! `letterproof witness`: stands between a supplier's own system and the API until it is told to
//! end, then judges what it recorded, as `run` does. It never goes to production.

use std::path::PathBuf;
use std::time::Duration;

use letterproof_client::{Stamper, Target};
use letterproof_contract::Contract;
use letterproof_evidence::new_run_id;
use letterproof_harness::{
    Failure, Stand, Watch, built_in, discarded, new_folder, read_waivers, same_key, signing_key,
};
use letterproof_model::{
    Brief, Context, Mode, Results, Selection, SupplierKind, TestId, Waiver, now, pack,
};
use letterproof_wire::is_loopback;
use letterproof_witness::{Page, TlsListen, WitnessConfig};

use crate::args::WitnessOptions;
use crate::board::Board;
use crate::process::{self, stop_request};
use crate::progress::{Progress, tell_leftovers};
use crate::{consent, out, run, targets};

/// Watches until told to end; returns the exit code.
pub(crate) fn witness(options: &WitnessOptions) -> Result<u8, Failure> {
    Page::may_listen(options.ui)?;
    let waivers = options.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let sign_key = signing_key(options.sign_key.as_deref())?;
    let stamper = options.timestamp.as_deref().map(Stamper::at).transpose()?;
    let mut target =
        targets::resolve(&options.upstream, options.base_url.as_deref(), &options.storage)?.target;
    if let Some(time) = options.visibility_timeout {
        target.visibility_timeout = time;
    }
    let target = with_storage(target)?;
    let started = now();
    let tests: Vec<TestId> = match options.only.as_slice() {
        [] => pack().iter().map(|test| test.id).collect(),
        only => only.to_vec(),
    };
    let context = target.context(Mode::Observed);
    let (run_id, contract) = (new_run_id(started)?, built_in()?);
    let watch = Watch {
        tool: process::tool(),
        run_id,
        started,
        brief: brief(options, waivers, &target, (&context, &tests), contract),
        target,
        context,
        tests,
        contract,
        sign_key,
        stamper,
        read_back: options.read_back,
        ui: options.ui,
    };
    let runtime = process::runtime()?;
    let outcome = runtime.block_on(whole(options, &watch));
    // Connections still open must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let (results, path) = outcome?;
    run::report(options.format, &results, &path)?;
    Ok(results.exit_code)
}

/// The target with its storage, which must be known before the supplier's system asks for a document:
/// nobody can be asked about a link that it is waiting for.
fn with_storage(mut target: Target) -> Result<Target, Failure> {
    if is_loopback(&target.base_url) || !target.storage_hosts.is_empty() {
        return Ok(target);
    }
    if let Some(hosts) = consent::for_storage(&target)? {
        target.storage_hosts = hosts;
        return Ok(target);
    }
    Err(Failure::Usage(format!(
        "refused before any traffic: {} does not state where its documents are. `letterproof doctor` \
         shows where links lead; write that as `storage_hosts = [\"HOST\"]` at the top of the profile, \
         or give --yes-storage HOST",
        target.name
    )))
}

/// What this run is asked to show.
fn brief(
    options: &WitnessOptions,
    waivers: Vec<Waiver>,
    target: &Target,
    (context, tests): (&Context, &[TestId]),
    contract: &Contract,
) -> Brief {
    let selection = Selection { tests: tests.to_vec(), conformance: false };
    Brief {
        supplier: SupplierKind::Witnessed,
        window: options.window,
        nonce: options.nonce.clone(),
        who: options.who.or(&target.who),
        waivers,
        specification: contract.specification().map(str::to_owned),
        deciding: target.deciding(&options.only),
        strict: options.strict.map(Into::into),
        ..Brief::new(selection, context.clone())
    }
}

async fn whole(options: &WitnessOptions, watch: &Watch<'_>) -> Result<(Results, PathBuf), Failure> {
    let folder = new_folder(&options.out, &watch.run_id, watch.sign_key.as_ref())?;
    tell_leftovers(&folder);
    let stand = match watch.begin(&folder, |config| shaped(options, config)).await {
        Ok(stand) => stand,
        Err(failure) => return Err(discarded(folder, failure)),
    };
    // Whoever reads that it is ready may end it.
    let kept = folder.path().display();
    let key = same_key(options.sign_key.as_deref());
    let asked = stop_request(format!(
        "stopped at once; what was recorded is in {kept}, and `letterproof report {kept}{key}` \
         makes its bundle"
    ));
    if let Err(failure) = out::json_line(&stand.ready) {
        return Err(discarded(folder, failure));
    }
    let board = Board::start(&stand.page());
    tell(&board, watch, &stand);
    let showing = tokio::spawn(board.clone().follow(stand.live.snapshots()));
    let told = board.clone();
    watch.until(&stand, asked, move |text| told.note(text)).await;
    showing.abort();
    board.finish();
    let progress = Progress::start();
    let ended = watch.end(&stand, folder, &progress).await;
    progress.finish();
    stand.close().await;
    ended
}

/// The witness as the options ask for it.
fn shaped(options: &WitnessOptions, config: WitnessConfig) -> WitnessConfig {
    let tls = options
        .tls
        .then(|| TlsListen { folder: options.out.clone(), names: options.tls_names.clone() });
    WitnessConfig {
        listen: options.listen,
        hosts: options.hosts.clone(),
        download_host: options.download_host.clone(),
        tls,
        inject: options.inject.clone(),
        ..config
    }
}

/// What is different with this witness from what its user may expect.
fn tell(board: &Board, watch: &Watch<'_>, stand: &Stand) {
    if watch.target.proxy.is_some() || watch.target.identity.is_some() {
        board.note(
            "the witness goes to the API directly: the profile's proxy and client certificate \
             are not used",
        );
    }
    if !stand.downloads_apart {
        board.note(
            "links to documents have the host name of the API, so HTTP libraries send their \
             bearer token along; the witness keeps it from the storage and blames nobody (with \
             --download-host and another name of this machine they behave as without a witness)",
        );
    }
}
