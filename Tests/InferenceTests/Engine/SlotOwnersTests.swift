import Inference
import Testing

@Suite struct SlotOwnersTests {
    @Test func `a caller is given its own slot, then one of nobody, then the one that rested longest`() throws {
        let owners = SlotOwners(slots: 2)
        let first = try #require(owners.take("ana"))
        let second = try #require(owners.take("bo"))
        #expect([first.isOwn, second.isOwn] == [false, false] && first.slot != second.slot)
        owners.giveBack(second)
        owners.giveBack(first)
        #expect(owners.take("ana") == .init(slot: first.slot, isOwn: true))
        owners.giveBack(first)
        // Bo's has rested longer, and is a stranger's for Cy; Bo is then given Ana's.
        #expect(owners.take("cy") == .init(slot: second.slot, isOwn: false))
        #expect(owners.take("bo") == .init(slot: first.slot, isOwn: false))
        #expect(owners.take("ana") == nil)
    }

    @Test func `with several requests a caller has several slots`() throws {
        let owners = SlotOwners(slots: 3)
        let first = try #require(owners.take("ana"))
        let second = try #require(owners.take("ana"))
        #expect(!second.isOwn)
        owners.giveBack(first)
        owners.giveBack(second)
        let again = [owners.take("ana"), owners.take("ana"), owners.take("ana")]
        #expect(again.map { $0?.isOwn } == [true, true, false])
    }

    @Test(
        arguments: [
            (.shared, [nil, nil, nil]), (.off, [false, false, false]),
            (.byCaller(SlotOwners(slots: 1)), [false, true, false]),
        ] as [(PromptCaching, [Bool?])])
    func `the engine is told what a request may begin with`(_ caching: PromptCaching, _ told: [Bool?]) async throws {
        let engine = FakeEngine { _ in [.streamHead, .text("a")] + FakeEngine.Step.finish("stop") }
        let model = try engine.model(caching: caching)
        for caller in ["ana", "ana", "bo"] { _ = try await ask(model) { $0.caller = caller } }
        let bodies = engine.requests.map(\.body)
        let members = bodies.map { body -> Bool? in
            body.contains(#""cache_prompt":true"#) ? true : body.contains(#""cache_prompt":false"#) ? false : nil
        }
        #expect(members == told)
        if case .byCaller = caching { #expect(bodies.allSatisfy { $0.contains(#""id_slot":0"#) }) }
    }
}
