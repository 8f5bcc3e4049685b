internal import Primitives
internal import ServiceModel
internal import Signing

/// Decides which headers are passed from one hop to the next.
enum ForwardedHeaders {
    /// The length of a body that comes in frames, if the client has announced it.
    static let bodyBytesHeader = ForwardProof.reservedPrefix + "body-bytes"

    /// The announced length of a body in frames, and whether there is one; a longer body is refused.
    static func framedBodyBytes(_ head: RequestHead, bytesMax: Int) -> (bytesMax: Int, isAnnounced: Bool) {
        guard let text = head.headers.first(self.bodyBytesHeader), let bytes = Int(text), bytes >= 0 else {
            return (bytesMax, false)
        }
        return (min(bytes, bytesMax), true)
    }

    /// The head without the headers that are reserved for processes of Brume; nobody may send them to the public edge.
    static func stripped(_ head: RequestHead) -> RequestHead {
        guard self.isReserved(in: head) else { return head }
        var head = head
        head.headers = head.headers.filter { !self.isReserved($0) }
        return head
    }

    /// Whether the head has such headers.
    static func isReserved(in head: RequestHead) -> Bool {
        head.headers.hasName(startingWith: ForwardProof.reservedPrefix)
    }

    /// The client's headers that a node gets.
    static func request(_ headers: HeaderFields) -> HeaderFields {
        headers.filter { name in
            !ForwardProof.isOfOneHop(name) && !self.isReserved(name) && !self.isCredential(name)
        }
    }

    /// Credentials for this server must not go any further.
    private static func isCredential(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 6: HeaderFields.equalNames(name, "cookie")
        case 9: HeaderFields.equalNames(name, "x-api-key")
        case 13: HeaderFields.equalNames(name, "authorization")
        case 20: HeaderFields.equalNames(name, "x-amz-security-token")
        default: false
        }
    }

    /// The node's headers that a client gets. The edge writes date and length itself, except the known length of a
    /// stream. Services may send clients headers with the reserved prefix, such as `x-brume-rule`.
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
