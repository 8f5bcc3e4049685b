/// What requests that should go to the same endpoint have in common, such as the beginning of a conversation.
package struct AffinityKey: Sendable, Equatable {
    package let hash: UInt64

    /// The same bytes give the same key in every process (FNV-1a).
    package init(_ bytes: some Sequence<UInt8>) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            hash ^= UInt64(byte)
            hash &*= 0x0000_0100_0000_01B3
        }
        self.hash = hash
    }

    /// How well an endpoint suits the key (rendezvous hashing): every process computes the same order, and adding or
    /// removing an endpoint moves only its own keys.
    func score(_ endpoint: AffinityKey) -> UInt64 {
        var mixed = self.hash ^ (endpoint.hash &* 0x9E37_79B9_7F4A_7C15)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Chooses an endpoint for a request: a pure function.
package enum EndpointPick {
    /// How much load beyond its share an endpoint takes for the sake of affinity.
    package struct Settings: Sendable {
        /// An endpoint takes requests with affinity until its work is this percentage of its fair share.
        package var affinityLoadPercent: Int
        /// Work up to which an endpoint always takes requests with affinity: two concurrent requests are not a load.
        package var affinityWorkFree: Int

        package init(affinityLoadPercent: Int = 125, affinityWorkFree: Int = 2) {
            self.affinityLoadPercent = max(affinityLoadPercent, 100)
            self.affinityWorkFree = max(affinityWorkFree, 0)
        }
    }

    /// An endpoint that may be asked now.
    package struct Candidate: Sendable {
        /// The key of the endpoint's text.
        package var key: AffinityKey
        /// The work in progress there.
        package var work: Int
        package var weight: Int
        package var priority: Int

        package init(key: AffinityKey, work: Int, weight: Int = 1, priority: Int = 0) {
            self.key = key
            self.work = work
            self.weight = weight
            self.priority = priority
        }
    }

    /// The index of the chosen candidate; nil when there is none. Without `affinity` it is the one with the least work
    /// for its weight, and `random` breaks ties. `work` is that of the new request.
    /// - Complexity: O(candidates).
    package static func choose(
        _ candidates: [Candidate], affinity: AffinityKey?, work: Int, random: UInt64, _ settings: Settings
    ) -> Int? {
        guard candidates.count > 1 else { return candidates.isEmpty ? nil : 0 }
        guard let priority = candidates.lazy.map(\.priority).min() else { return nil }
        let indices = candidates.indices.filter { candidates[$0].priority == priority }
        if let affinity, let index = self.bounded(candidates, indices, affinity, work, settings) { return index }
        return self.least(candidates, indices, random)
    }

    /// The candidate that suits the key best among those within their bound (consistent hashing with bounded loads,
    /// Mirrokni et al. 2016).
    private static func bounded(
        _ candidates: [Candidate], _ indices: [Int], _ affinity: AffinityKey, _ work: Int, _ settings: Settings
    ) -> Int? {
        let weights = indices.reduce(0.0) { $0 + Double(candidates[$1].weight) }
        let total = indices.reduce(Double(work)) { $0 + Double(candidates[$1].work) }
        let fair = total * Double(settings.affinityLoadPercent) / 100 / weights
        var best: (index: Int, score: UInt64)?
        for index in indices {
            let candidate = candidates[index]
            guard
                candidate.work < settings.affinityWorkFree
                    || Double(candidate.work) < fair * Double(candidate.weight)
            else { continue }
            let score = affinity.score(candidate.key)
            if best.map({ score > $0.score }) ?? true { best = (index, score) }
        }
        return best?.index
    }

    private static func least(_ candidates: [Candidate], _ indices: [Int], _ random: UInt64) -> Int? {
        func load(_ index: Int) -> Double {
            Double(candidates[index].work + 1) / Double(max(candidates[index].weight, 1))
        }
        guard let least = indices.lazy.map(load).min() else { return nil }
        let equals = indices.filter { load($0) == least }
        return equals[Int(random % UInt64(equals.count))]
    }
}
