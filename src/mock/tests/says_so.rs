//! A mock says what it is in every answer, so that no recording of it can pass for the API's.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use letterproof_mock::{AuthMode, MockConfig, MockServer, Profile};
use letterproof_model::MOCK_HEADER;
use support::{client, quick};

#[tokio::test]
async fn every_answer_of_both_profiles_says_that_a_mock_gave_it() {
    for profile in [Profile::Int, Profile::Sandbox] {
        let config = MockConfig { profile, letters: 10, auth: AuthMode::None, ..quick() };
        let server = MockServer::start(config).await.unwrap();
        let (client, base) = (client(), server.base_url().to_owned());
        let list = client.get(format!("{base}/letters?limit=5")).header("X-Request-ID", "r-1");
        let list: serde_json::Value = list.send().await.unwrap().json().await.unwrap();
        let id = list["data"][0]["id"].as_str().unwrap();
        let data = client.get(format!("{base}/letters/{id}/data")).header("X-Request-ID", "r-2");
        let data = data.send().await.unwrap();
        let link = data.headers().get("location").map(|link| link.to_str().unwrap().to_owned());
        assert!(data.headers().contains_key(MOCK_HEADER), "{data:?}");
        // The sandbox's links lead to a host of its own, which is not called here.
        let document = link.filter(|_| profile == Profile::Int);
        let urls = [
            format!("{base}/_status"),
            format!("{base}/letters/none"),
            format!("{base}/nowhere"),
            server.token_url().to_owned(),
        ];
        for url in urls.into_iter().chain(document) {
            let answer = client.get(&url).send().await.unwrap();
            let said = answer.headers().get(MOCK_HEADER).map(|value| value.to_str().unwrap());
            assert_eq!(said, Some("true"), "{profile:?} {}", answer.status());
        }
        server.shutdown().await;
    }
}
