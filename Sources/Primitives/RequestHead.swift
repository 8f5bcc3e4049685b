/// The head of a request, exactly as it arrived.
///
/// Path and query stay raw (percent-encoded): model ids carry encoded `:` and `/`, and the signature covers the raw
/// form.
package struct RequestHead: Sendable, Equatable {
    /// Upper-case method, such as `POST`.
    package var method: String
    /// The raw path from the first `/` up to `?`, never empty.
    package var path: String
    /// The raw query after `?`, without it; empty when there is none.
    package var query: String
    package var headers: HeaderFields

    package init(method: String, path: String, query: String = "", headers: HeaderFields = HeaderFields()) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
    }

    /// Splits an origin-form request target at its first `?`.
    package init(method: String, target: String, headers: HeaderFields) {
        let utf8 = target.utf8
        if let mark = utf8.firstIndex(of: UInt8(ascii: "?")) {
            self.path = String(target[..<mark])
            self.query = String(target[utf8.index(after: mark)...])
        } else {
            self.path = target
            self.query = ""
        }
        self.method = method
        self.headers = headers
    }
}

/// A whole response whose body is in memory.
package struct ResponseMessage: Sendable, Equatable {
    /// 100...599.
    package var status: Int
    package var headers: HeaderFields
    package var body: [UInt8]

    package init(status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
