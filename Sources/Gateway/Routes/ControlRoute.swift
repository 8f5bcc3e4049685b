internal import Primitives
internal import ServiceModel

/// Control requests of the command line to a running server: `POST /_brume/<what>`, from this machine only, with the
/// token in the data directory. Whoever can read the token can also write the data directory.
package struct ControlRoute: Sendable {
    /// An HTTP status, and lines of text.
    package struct Answer: Sendable, Equatable {
        package var status: Int
        package var text: String

        package init(status: Int = 200, _ text: String) {
            self.status = status
            self.text = text
        }
    }

    /// A bucket name of S3 cannot begin with an underscore.
    package static let prefix = "/_brume/"
    package static let tokenHeader = "x-brume-control"
    /// Bytes of a request's body; commands are short.
    static let bodyBytesMax = 4096

    private let token: [UInt8]
    private let respond: @Sendable (_ what: String, _ body: String) async -> Answer

    /// - Parameters:
    ///   - token: the required value of `tokenHeader`.
    ///   - respond: gets the path after `prefix`, and the body.
    package init(
        token: String, respond: @escaping @Sendable (_ what: String, _ body: String) async -> Answer
    ) {
        precondition(token.utf8.count >= 32, "a token that cannot be guessed is long")
        self.token = Array(token.utf8)
        self.respond = respond
    }

    /// - Returns: nil when the request is not a control request.
    func plan(_ head: RequestHead, _ connection: ConnectionInfo) -> RequestPlan? {
        guard head.path.hasPrefix(Self.prefix) else { return nil }
        guard head.method == "POST" else {
            var response = self.response(Answer(status: 405, "only POST is answered here"))
            response.headers.append("Allow", "POST")
            return .reply(response)
        }
        guard connection.isLoopback, self.isToken(head.headers.first(Self.tokenHeader)) else {
            return .reply(self.response(Answer(status: 403, "only the owner of the data directory may do this")))
        }
        let what = String(head.path.dropFirst(Self.prefix.count))
        return .collect(limitBytes: Self.bodyBytesMax) { body in
            self.response(await self.respond(what, String(decoding: body, as: UTF8.self)))
        }
    }

    /// Compares in constant time.
    private func isToken(_ given: String?) -> Bool {
        let given = Array((given ?? "").utf8)
        guard given.count == self.token.count else { return false }
        return zip(given, self.token).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func response(_ answer: Answer) -> EdgeResponse {
        let headers: HeaderFields = [
            "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        ]
        return EdgeResponse(status: answer.status, headers: headers, body: .bytes(Array((answer.text + "\n").utf8)))
    }
}
