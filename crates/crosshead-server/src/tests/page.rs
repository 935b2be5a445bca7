//! The page and its files.

use axum::http::{StatusCode, header};

use super::{fixture, get, options, source, with};

#[tokio::test]
async fn the_page_may_use_only_this_server() {
    let server = with(options(), source("sentences", fixture("sentences-tiny")));
    let page = get(&server, "/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("inline"), "{policy}");
    assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    for path in
        ["/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "/index.php"]
    {
        assert_eq!(get(&server, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(get(&server, "/health").await.ok()["status"], "ok");
    assert_eq!(get(&server, "/ready").await.ok()["models"], 1);
    let metrics = get(&server, "/metrics").await;
    assert!(metrics.text().contains("crosshead_requests_total"), "{}", metrics.text());
}
