import Primitives
import Testing
import Upstream

struct EndpointPickTests {
    private func candidates(_ works: [Int], weights: [Int]? = nil) -> [EndpointPick.Candidate] {
        works.enumerated().map { index, work in
            EndpointPick.Candidate(
                key: AffinityKey("node-\(index)".utf8), work: work, weight: weights?[index] ?? 1)
        }
    }

    private func choose(
        _ candidates: [EndpointPick.Candidate], _ affinity: AffinityKey? = nil, work: Int = 1, random: UInt64 = 0,
        free: Int = 2
    ) -> Int? {
        EndpointPick.choose(
            candidates, affinity: affinity, work: work, random: random, EndpointPick.Settings(affinityWorkFree: free))
    }

    @Test func `the one with the least work for its weight is chosen`() {
        #expect(self.choose([]) == nil)
        #expect(self.choose(self.candidates([3, 1, 2])) == 1)
        #expect(self.choose(self.candidates([3, 1, 2], weights: [4, 1, 1])) == 0)
        #expect((0..<4).map { self.choose(self.candidates([5, 5]), random: $0) } == [0, 1, 0, 1])
    }

    @Test func `a later priority is asked only where no earlier one is there`() {
        var candidates = self.candidates([9, 0, 0])
        candidates[1].priority = 1
        candidates[2].priority = 2
        #expect(self.choose(candidates) == 0)
        #expect(self.choose(Array(candidates[1...])) == 0)
    }

    @Test func `a key goes to the same endpoint, and another one takes over only what it loses`() {
        let all = self.candidates([0, 0, 0, 0])
        var counts = [0, 0, 0, 0]
        for number in 0..<1000 {
            let key = AffinityKey("key \(number)".utf8)
            let chosen = self.choose(all, key)
            #expect(self.choose(all, key, random: 7) == chosen)
            counts[chosen ?? 0] += 1
            // Without the last endpoint only its keys move.
            if chosen != 3 { #expect(self.choose(Array(all[..<3]), key) == chosen) }
        }
        #expect(counts.allSatisfy { (180...320).contains($0) }, "\(counts)")
    }

    @Test func `no endpoint gets much more than its share of one key`() {
        var candidates = self.candidates([0, 0, 0, 0])
        let key = AffinityKey("one".utf8)
        for _ in 0..<400 {
            guard let index = self.choose(candidates, key, free: 0) else {
                Issue.record("somebody has room")
                return
            }
            candidates[index].work += 1
        }
        let works = candidates.map(\.work)
        #expect(works.reduce(0, +) == 400)
        #expect((works.max() ?? 0) <= 126, "\(works)")
    }

    @Test func `a little work of a key stays together`() {
        var candidates = self.candidates([0, 0])
        let key = AffinityKey("one".utf8)
        let first = self.choose(candidates, key) ?? 0
        candidates[first].work = 1
        #expect(self.choose(candidates, key) == first)
        candidates[first].work = 2
        #expect(self.choose(candidates, key) == 1 - first)
    }

    @Test func `somebody is always chosen`() {
        let random = SeededRandomSource(seed: 11)
        for _ in 0..<2000 {
            let candidates = (0..<Int(random.next() % 6 + 1)).map { index in
                EndpointPick.Candidate(
                    key: AffinityKey("n\(index)".utf8), work: Int(random.next() % 1_000_000),
                    weight: Int(random.next() % 65_535) + 1, priority: Int(random.next() % 3))
            }
            let key = random.next() % 2 == 0 ? AffinityKey("\(random.next())".utf8) : nil
            let chosen = self.choose(candidates, key, work: Int(random.next() % 100_000), random: random.next())
            #expect(chosen.map { candidates.indices.contains($0) } == true)
            #expect(chosen.map { candidates[$0].priority } == candidates.map(\.priority).min())
        }
    }
}
