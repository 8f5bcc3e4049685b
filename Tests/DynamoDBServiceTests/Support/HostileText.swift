/// Texts that no client writes: mutated ones, parts in any order, any bytes.
struct HostileText {
    /// What is mutated.
    let seeds: [String]
    /// What is put together.
    let parts: [String]

    func text(round: Int, using random: inout SeededGenerator) -> String {
        let bytes =
            switch round % 3 {
            case 0: self.mutated(using: &random)
            case 1: (0..<Int.random(in: 0...40, using: &random)).flatMap { _ in self.part(using: &random) }
            default: (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func part(using random: inout SeededGenerator) -> [UInt8] {
        Array((self.parts.randomElement(using: &random) ?? "").utf8)
    }

    private func mutated(using random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array((self.seeds.randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 32..<127, using: &random)
            default: bytes.insert(contentsOf: self.part(using: &random), at: place)
            }
        }
        return bytes
    }
}
