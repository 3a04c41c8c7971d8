//! The routes under `/_standin/`, with which a test looks into the server.

use std::sync::Arc;

use axum::Router;

use crate::exchange::App;

/// The routes, without their common prefix and without the check of the key.
pub fn router(app: Arc<App>) -> Router {
    Router::new().with_state(app)
}
