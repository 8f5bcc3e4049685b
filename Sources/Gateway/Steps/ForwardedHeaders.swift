internal import Primitives
internal import ServiceModel
internal import Signing

/// Which headers pass from one hop to the next.
enum ForwardedHeaders {
    /// The head without what only processes of Brume say to each other: at the public edge nobody may say it.
    static func stripped(_ head: RequestHead) -> RequestHead {
        guard head.headers.hasName(startingWith: ForwardProof.reservedPrefix) else { return head }
        var head = head
        head.headers = head.headers.filter { !self.isReserved($0) }
        return head
    }

    /// What a node is told of a client's headers.
    static func request(_ headers: HeaderFields) -> HeaderFields {
        headers.filter { name in
            !ForwardProof.isOfOneHop(name) && !self.isReserved(name) && !self.isCredential(name)
        }
    }

    /// What proves a client to this server, and is nobody else's business.
    private static func isCredential(_ name: String) -> Bool {
        switch name.utf8.count {
        case 6: HeaderFields.equalNames(name, "cookie")
        case 9: HeaderFields.equalNames(name, "x-api-key")
        case 13: HeaderFields.equalNames(name, "authorization")
        case 20: HeaderFields.equalNames(name, "x-amz-security-token")
        default: false
        }
    }

    /// What a client is told of a node's headers. The edge writes date and length itself, but for a length that it is
    /// told of a stream. Services have headers of the reserved prefix for their clients, such as `x-brume-rule`.
    static func answer(_ headers: HeaderFields) -> HeaderFields {
        headers.filter { name in
            switch name.utf8.count {
            case 4: !HeaderFields.equalNames(name, "date")
            case 14 where HeaderFields.equalNames(name, "content-length"): true
            case 15: !HeaderFields.equalNames(name, Forward.refusedHeader)
            default: !ForwardProof.isOfOneHop(name)
            }
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        HeaderFields.isName(name, startingWith: ForwardProof.reservedPrefix)
    }
}
