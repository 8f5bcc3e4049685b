/// The pieces of an answer, up to a stop sequence, the limit or the end.
struct EchoOutput {
    private let bytes: [UInt8]
    /// The end of the answer.
    private let end: Int
    private var index = 0
    private(set) var tokenCount = 0
    let stopReason: ChatOutcome.StopReason

    init(_ answer: String, _ sampling: ChatRequest.Sampling, tokensMax: Int) {
        let bytes = Array(answer.utf8)
        let bound = max(0, sampling.tokensMax ?? tokensMax)
        var end = 0
        var count = 0
        while end < bytes.count, count < bound {
            end = EchoTokens.end(in: bytes.span, from: end)
            count += 1
        }
        var stopReason: ChatOutcome.StopReason = end < bytes.count ? .tokensMax : .endOfTurn
        // A stop sequence also counts if it begins exactly at the limit.
        let longest = sampling.stopSequences.map(\.utf8.count).max() ?? 0
        let searched = bytes.span.extracting(0..<min(bytes.count, end + longest))
        for stop in sampling.stopSequences {
            guard let place = ByteSearch(stop).firstIndex(in: searched), place <= end else { continue }
            if place == end, case .stopSequence = stopReason { continue }
            end = place
            stopReason = .stopSequence(stop)
        }
        self.bytes = bytes
        self.end = end
        self.stopReason = stopReason
    }

    mutating func next() -> String? {
        guard self.index < self.end else { return nil }
        let start = self.index
        self.index = EchoTokens.end(in: self.bytes.span.extracting(0..<self.end), from: start)
        self.tokenCount += 1
        return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
    }
}
