import Primitives
import Testing

@Suite struct RandomSourceTests {
    @Test func `a seed gives SplitMix64's sequence`() {
        let random = SeededRandomSource(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test(arguments: [0, 1, 7, 8, 9, 33])
    func `as many bytes come as were asked for, the same for the same seed`(_ count: Int) {
        let bytes = SeededRandomSource(seed: 9).bytes(count)
        #expect(bytes.count == count)
        #expect(SeededRandomSource(seed: 9).bytes(64).prefix(count).elementsEqual(bytes))
    }
}
