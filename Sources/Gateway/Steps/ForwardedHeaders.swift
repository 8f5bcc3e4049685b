internal import Primitives
internal import ServiceModel
internal import Signing

/// Which headers pass from one hop to the next.
enum ForwardedHeaders {
    /// What proves a client to this server, and is nobody else's business.
    private static let credentialHeaders = ["authorization", "cookie", "x-amz-security-token", "x-api-key"]

    /// The head without what only processes of Brume say to each other: at the public edge nobody may say it.
    static func stripped(_ head: RequestHead) -> RequestHead {
        guard head.headers.hasName(startingWith: ForwardProof.reservedPrefix) else { return head }
        var head = head
        head.headers = HeaderFields(head.headers.fields.filter { !self.isReserved($0.name) })
        return head
    }

    /// What a node is told of a client's headers.
    static func request(_ headers: HeaderFields) -> HeaderFields {
        HeaderFields(
            headers.fields.filter { field in
                let name = field.name
                return !ForwardProof.isOfOneHop(name) && !self.isReserved(name)
                    && !self.credentialHeaders.contains { HeaderFields.equalNames($0, name) }
            })
    }

    /// What a client is told of a node's headers. The edge writes date and length itself, but for a length that it is
    /// told of a stream. Services have headers of the reserved prefix for their clients, such as `x-brume-rule`.
    static func answer(_ headers: HeaderFields) -> HeaderFields {
        HeaderFields(
            headers.fields.filter { field in
                let name = field.name
                if HeaderFields.equalNames(name, "content-length") { return true }
                return !ForwardProof.isOfOneHop(name) && !HeaderFields.equalNames(name, "date")
                    && !HeaderFields.equalNames(name, Forward.refusedHeader)
            })
    }

    private static func isReserved(_ name: String) -> Bool {
        HeaderFields.isName(name, startingWith: ForwardProof.reservedPrefix)
    }
}
