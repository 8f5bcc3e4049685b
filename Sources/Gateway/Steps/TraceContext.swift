internal import Primitives

/// The trace that a request belongs to, according to its sender: written to the access log, and passed on unchanged.
enum TraceContext {
    /// The trace id from `traceparent`, else `Root` of `X-Amzn-Trace-Id`; nil when neither is well-formed.
    /// - Source: W3C Trace Context, 3.2; AWS X-Ray Developer Guide, "Tracing header".
    static func id(_ headers: HeaderFields) -> String? {
        if let value = headers.first("traceparent"), let id = self.traceID(parent: value) { return id }
        return headers.first("x-amzn-trace-id").flatMap(self.root)
    }

    /// `00-<trace: 32 digits>-<parent: 16>-<flags: 2>`; later versions may append more.
    static func traceID(parent value: String) -> String? {
        let parts = value.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].count == 2, parts[1].count == 32, parts[2].count == 16, parts[3].count == 2,
            parts.prefix(4).allSatisfy({ $0.allSatisfy(self.isLowerHex) }),
            parts[1].contains(where: { $0 != UInt8(ascii: "0") }),
            parts[2].contains(where: { $0 != UInt8(ascii: "0") }),
            !parts[0].elementsEqual("ff".utf8), parts.count == 4 || !parts[0].elementsEqual("00".utf8)
        else { return nil }
        return String(parts[1])
    }

    /// `Root=1-<8 digits>-<24 digits>;Parent=…;Sampled=1`, in any order.
    static func root(_ value: String) -> String? {
        for part in value.split(separator: ";") {
            let text = part.drop { $0 == " " }
            guard text.hasPrefix("Root=") else { continue }
            let root = text.dropFirst("Root=".count)
            let pieces = root.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard pieces.count == 3, pieces[0].elementsEqual("1".utf8), pieces[1].count == 8, pieces[2].count == 24,
                pieces.dropFirst().allSatisfy({ $0.allSatisfy(self.isLowerHex) })
            else { return nil }
            return String(root)
        }
        return nil
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || byte &- 0x61 < 6 }
}
