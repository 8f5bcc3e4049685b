internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Primitives

/// Heads and errors between our notation and NIO's.
enum UpstreamWire {
    /// The head of a request, whose body is there as a whole, follows piece by piece, or is none.
    static func head(
        _ request: UpstreamRequest, authority: String, bodyBytes: Int?, isStreamed: Bool, isKept: Bool
    ) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(request.headers.count + 3)
        if !request.headers.contains("host") { headers.add(name: "Host", value: authority) }
        var length: String?
        for field in request.headers.fields {
            if HeaderFields.equalNames(field.name, "content-length") {
                length = field.value
            } else if !HeaderFields.equalNames(field.name, "transfer-encoding"),
                !HeaderFields.equalNames(field.name, "connection")
            {
                headers.add(name: field.name, value: field.value)
            }
        }
        if !isKept { headers.add(name: "Connection", value: "close") }
        if isStreamed {
            if let length, let bytes = Int(length), bytes >= 0 {
                headers.add(name: "Content-Length", value: "\(bytes)")
            } else {
                headers.add(name: "Transfer-Encoding", value: "chunked")
            }
        } else if let bodyBytes {
            headers.add(name: "Content-Length", value: "\(bodyBytes)")
        } else if !["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"].contains(request.method) {
            headers.add(name: "Content-Length", value: "0")
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.target, headers: headers)
    }

    static func head(_ head: HTTPResponseHead) -> UpstreamHead {
        var headers = HeaderFields()
        headers.reserveCapacity(head.headers.count)
        for (name, value) in head.headers { headers.append(name, value) }
        return UpstreamHead(status: Int(head.status.code), headers: headers)
    }

    /// What an error of connecting means.
    static func reason(ofConnecting error: any Error) -> UpstreamError.Reason {
        if case .connectTimeout(let amount)? = error as? ChannelError {
            return .unreachable("no connection within \(Duration.nanoseconds(amount.nanoseconds))")
        }
        if let error = error as? NIOConnectionError {
            let failed = error.connectionErrors.first.map { Self.sentence($0.error) }
            return .unreachable(failed ?? "the name \(error.host) is not known")
        }
        return .unreachable(Self.sentence(error))
    }

    /// What an error of TLS means.
    static func reason(ofTLS error: any Error) -> UpstreamError.Reason {
        if case .uncleanShutdown? = error as? NIOSSLError { return .cutOff }
        return .untrusted("\(error)")
    }

    private static func sentence(_ error: any Error) -> String {
        (error as? IOError)?.description ?? "\(error)"
    }
}
