internal import Primitives
internal import ServiceModel
internal import Signing

/// Which headers pass from one hop to the next.
enum ForwardedHeaders {
    /// The head without what only processes of Brume say to each other: at the public edge nobody may say it.
    static func stripped(_ head: RequestHead) -> RequestHead {
        guard self.isReserved(in: head) else { return head }
        var head = head
        head.headers = head.headers.filter { !self.isReserved($0) }
        return head
    }

    /// Whether the head has something of that.
    static func isReserved(in head: RequestHead) -> Bool {
        head.headers.hasName(startingWith: ForwardProof.reservedPrefix)
    }

    /// What a node is told of a client's headers.
    static func request(_ headers: HeaderFields) -> HeaderFields {
        headers.filter { name in
            !ForwardProof.isOfOneHop(name) && !self.isReserved(name) && !self.isCredential(name)
        }
    }

    /// What proves a client to this server, and is nobody else's business.
    private static func isCredential(_ name: Span<UInt8>) -> Bool {
        switch name.count {
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
            switch name.count {
            case 4: !HeaderFields.equalNames(name, "date")
            case 14 where HeaderFields.equalNames(name, "content-length"): true
            case 15: !HeaderFields.isName(name, startingWith: Forward.refusedHeader.utf8.span)
            default: !ForwardProof.isOfOneHop(name)
            }
        }
    }

    private static func isReserved(_ name: Span<UInt8>) -> Bool {
        HeaderFields.isName(name, startingWith: ForwardProof.reservedPrefix.utf8.span)
    }
}
