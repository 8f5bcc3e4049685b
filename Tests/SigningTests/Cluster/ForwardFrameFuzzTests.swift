import Primitives
import Signing
import TestSupport
import Testing

/// Whatever is done to frames on their way, what comes out is what went in, or nothing.
@Suite struct ForwardFrameFuzzTests {
    private let fixture: FrameFixture

    init() throws {
        self.fixture = try FrameFixture()
    }

    @Test func `frames that were changed in any way are refused where they were changed`() {
        let seed = SeededRandomSource.testSeed(0x4652_414D)
        let random = SeededRandomSource(seed: seed)
        for round in 0..<4000 {
            let pieces = (0..<(random.next() % 5)).map { _ in random.bytes(1 + Int(random.next() % 90)) }
            let good = self.fixture.frames(pieces)
            var frames = good
            for _ in 0...(random.next() % 2) { Self.change(&frames, random) }
            let wire = frames.flatMap { $0 }
            let intact = Self.intactFrames(wire, good)
            let cut = 1 + Int(random.next() % 60)
            do throws(ForwardError) {
                let read = try self.fixture.read(wire, cut: cut, bodyBytesMax: 1000)
                let isWhole = intact == good.count && wire.count == good.reduce(0) { $0 + $1.count }
                #expect(isWhole && read.body == pieces.flatMap { $0 }, "seed \(seed), round \(round)")
            } catch {
                let place = UInt64(intact)
                let isAtPlace = [.frame(place + 1), .cutOff(afterFrames: place), .tooLong].contains(error)
                #expect(isAtPlace, "seed \(seed), round \(round): \(error), and \(intact) frames were intact")
            }
        }
    }

    @Test func `no bytes are a body, and none end the process`() {
        let seed = SeededRandomSource.testSeed(0x4652_414E)
        let random = SeededRandomSource(seed: seed)
        for round in 0..<4000 {
            var wire = random.bytes(Int(random.next() % 200))
            // Heads that there can be, too.
            if wire.count >= 4, round % 2 == 0 {
                (wire[0], wire[1], wire[2]) = (UInt8(round / 2 % 2), 0, 0)
            }
            #expect(throws: ForwardError.self, "seed \(seed), round \(round)") {
                try self.fixture.read(wire, cut: 1 + Int(random.next() % 60))
            }
        }
    }

    /// How many frames are as they were, before the first that is not.
    private static func intactFrames(_ wire: [UInt8], _ good: [[UInt8]]) -> Int {
        var count = 0
        var rest = wire[...]
        for frame in good {
            guard rest.starts(with: frame) else { return count }
            rest = rest.dropFirst(frame.count)
            count += 1
        }
        return count
    }

    private static func change(_ frames: inout [[UInt8]], _ random: SeededRandomSource) {
        guard !frames.isEmpty else { return }
        let (here, there) = (Self.index(frames, random), Self.index(frames, random))
        let byte = frames[here].isEmpty ? nil : Self.index(frames[here], random)
        switch random.next() % 8 {
        case 0: frames.swapAt(here, there)
        case 1: frames.remove(at: here)
        case 2: frames.insert(frames[here], at: there)
        case 3: frames[here] = Array(frames[here].prefix(byte ?? 0))
        case 4: frames[here].insert(UInt8(truncatingIfNeeded: random.next()), at: byte ?? 0)
        case 5: if let byte { frames[here].remove(at: byte) }
        case 6: frames = Array(frames.prefix(here))
        default: if let byte { frames[here][byte] ^= 1 << UInt8(random.next() % 8) }
        }
    }

    private static func index<Element>(_ array: [Element], _ random: SeededRandomSource) -> Int {
        Int(random.next() % UInt64(array.count))
    }
}
