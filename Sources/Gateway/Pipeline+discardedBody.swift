internal import Primitives
internal import ServiceModel

/// The way of a request whose head says enough to refuse it.
extension Pipeline {
    /// What is known against a request before its body has come.
    private enum HeadRefusal: Sendable {
        /// It names nothing that is served here.
        case target
        /// Nobody, or nobody that is known, has sent it.
        case sender(ServiceError)
    }

    /// The plan for a large body of such a request: nothing of it is kept, so that whoever has no key takes no memory.
    /// It is read to its end, and counted, as that of any other request.
    /// - Returns: nil where the body is small, or longer than the service takes, which is refused before it is read, or
    ///   where nothing is wrong with the head.
    @inline(never)
    func planDiscardingBody(
        _ kind: RequestKind, _ head: RequestHead, _ connection: ConnectionInfo, _ started: ContinuousClock.Instant,
        _ loop: LoopContext
    ) -> RequestPlan? {
        let bytesMax = self.bodyBytesMax(kind)
        // Whatever the method: on HTTP/2 a GET may have a body, too, whose length nobody need say.
        guard Self.mayBeLarge(head, connection, bytesMax: bytesMax, countsMethod: false),
            let refusal = self.refusal(of: kind, head, connection)
        else { return nil }
        // Who sends events waits for the answer before the last one (InvokeModelWithBidirectionalStream).
        if case (.target, .operation(let request)) = (refusal, kind),
            head.headers.first("content-type") == "application/vnd.amazon.eventstream",
            let error = Refuse.error(for: request)
        {
            return .reply(self.refused(error, self.state(request, [], connection, started, nil)))
        }
        return .stream { body in
            var bytes = 0
            do {
                for try await piece in body {
                    bytes += piece.count
                    guard bytes <= bytesMax else {
                        return self.refusal(.bodyTooLarge, head: head, connection: connection, on: loop)
                    }
                }
            } catch {
                // The client has left, or has the edge's own answer: nobody waits for this one.
                return EdgeResponse(status: 400)
            }
            return await self.refuse(refusal, kind, head, connection, started)
        }
    }

    /// Whether a body may be too large to be worked on on the event loop, and is not known to be longer than the
    /// service takes.
    ///
    /// `countsMethod`: a GET or HEAD of HTTP/2 counts as one without a body, as it is unless somebody means harm.
    static func mayBeLarge(
        _ head: RequestHead, _ connection: ConnectionInfo, bytesMax: Int, countsMethod: Bool = true
    ) -> Bool {
        if let length = head.headers.contentLength { return length > self.loopBodyBytesMax && length <= bytesMax }
        let isBodiless = countsMethod && (head.method == "GET" || head.method == "HEAD")
        return (connection.version == .http2 && !isBodiless) || head.headers.contains("transfer-encoding")
    }

    private func refusal(
        of kind: RequestKind, _ head: RequestHead, _ connection: ConnectionInfo
    ) -> HeadRefusal? {
        do throws(ServiceError) {
            switch kind {
            case .operation(let request):
                switch request.target {
                // Which operation it is stands in the body.
                case .form: return nil
                case .operation: _ = try self.authenticate.begin(request, connection)
                default: return .target
                }
            case .route(let match):
                guard match.fault == nil else { return .target }
                _ = try self.authenticate.begin(match, head, connection)
            }
            return nil
        } catch {
            return .sender(error)
        }
    }

    private func refuse(
        _ refusal: HeadRefusal, _ kind: RequestKind, _ head: RequestHead, _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant
    ) async -> EdgeResponse {
        switch (kind, refusal) {
        case (.operation(let request), .target):
            await self.respond(request, body: [], connection, started)
        case (.operation(let request), .sender(let error)):
            self.refused(error, self.state(request, [], connection, started, nil))
        case (.route(let match), .target):
            await self.respond(match, head, body: [], connection, started)
        case (.route(let match), .sender(let error)):
            await self.respond(match, head, body: [], connection, started, refusal: error)
        }
    }
}
