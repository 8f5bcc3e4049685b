internal import Primitives
package import Telemetry

/// Whether the process can serve requests.
package struct Readiness: Sendable, Equatable {
    package var isReady: Bool
    /// What is wrong, one line each.
    package var reasons: [String]

    package init(isReady: Bool, reasons: [String] = []) {
        self.isReady = isReady
        self.reasons = reasons
    }
}

/// The paths outside AWS's APIs. They need no signature and reveal no data. A request with credentials, in
/// `Authorization` or in the query, is for a service instead, because S3 could have the same path. `ControlRoute` is
/// the exception: it has effects, and requires a token.
package struct InternalRoutes: Sendable {
    package var metrics: MetricRegistry
    package var readiness: @Sendable () -> Readiness
    /// Refreshes gauges; called before the exposition is written.
    package var refreshMetrics: @Sendable () -> Void
    /// Appended to the exposition, in the same format.
    package var moreMetrics: @Sendable () -> String
    /// Further paths, such as LocalStack's health: exact path to JSON text.
    package var documents: [String: @Sendable () -> String]
    /// Control requests of the command line; nil refuses them.
    package var control: ControlRoute?

    package init(
        metrics: MetricRegistry,
        readiness: @escaping @Sendable () -> Readiness,
        refreshMetrics: @escaping @Sendable () -> Void = {},
        moreMetrics: @escaping @Sendable () -> String = { "" },
        documents: [String: @Sendable () -> String] = [:],
        control: ControlRoute? = nil
    ) {
        self.metrics = metrics
        self.readiness = readiness
        self.refreshMetrics = refreshMetrics
        self.moreMetrics = moreMetrics
        self.documents = documents
        self.control = control
    }

    /// - Returns: nil when the request is not for one of these paths.
    func response(_ head: RequestHead) -> ResponseMessage? {
        guard head.method == "GET" || head.method == "HEAD", head.path.utf8.count > 1, !Self.isOfService(head) else {
            return nil
        }
        switch head.path {
        case "/healthz":
            return self.text(200, "ok\n")
        case "/readyz":
            let readiness = self.readiness()
            let lines = readiness.reasons.isEmpty ? ["ready"] : readiness.reasons
            return self.text(readiness.isReady ? 200 : 503, lines.joined(separator: "\n") + "\n")
        case "/metrics":
            self.refreshMetrics()
            let text = self.metrics.exposition() + self.moreMetrics()
            return self.message(200, "text/plain; version=0.0.4; charset=utf-8", text)
        default:
            return self.documents[head.path].map { self.message(200, "application/json", $0()) }
        }
    }

    /// Whether an AWS client made the request. Scrapers of metrics may send a token or a password, and probes may have
    /// a query of their own.
    private static func isOfService(_ head: RequestHead) -> Bool {
        head.headers.contains("x-amz-target") || head.headers.first("authorization", beginsWith: "AWS")
            || ["X-Amz-", "AWSAccessKeyId="].contains { head.query.contains($0) }
    }

    private func text(_ status: Int, _ body: String) -> ResponseMessage {
        self.message(status, "text/plain; charset=utf-8", body)
    }

    private func message(_ status: Int, _ contentType: String, _ body: String) -> ResponseMessage {
        let headers: HeaderFields = [
            "Content-Type": contentType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        ]
        return ResponseMessage(status: status, headers: headers, body: Array(body.utf8))
    }
}
