import KeyValue
import Testing

@Suite struct HealthBeaconTests {
    /// In one of some thousand rounds the two meet.
    @Test func `of two changes at the same time, a watcher sees the one that stands last`() async {
        for _ in 0..<20_000 {
            let beacon = HealthBeacon(.readOnly(reason: "before"))
            var updates = beacon.updates().makeAsyncIterator()
            async let good: Void = Self.set(.takingWrites, beacon)
            async let bad: Void = Self.set(.readOnly(reason: "after"), beacon)
            _ = await (good, bad)
            #expect(await updates.next() == beacon.health)
        }
    }

    @concurrent
    private static func set(_ health: StoreHealth, _ beacon: HealthBeacon) async {
        beacon.set(health)
    }

    @Test func `a watcher sees that the store is closed, and the end`() async {
        let beacon = HealthBeacon(.takingWrites)
        var updates = beacon.updates().makeAsyncIterator()
        beacon.set(.closed)
        #expect(await updates.next() == .closed)
        #expect(await updates.next() == nil)
        var late = beacon.updates().makeAsyncIterator()
        #expect(await late.next() == .closed)
        #expect(await late.next() == nil)
    }
}
