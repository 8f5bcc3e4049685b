import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import KeyValueConformance
import Primitives
import ServiceKit
import ServiceModel
import Testing

/// Whatever many clients ask at once, and whenever the process ends, the answers are those of a service that does one
/// request after another.
struct LinearizabilityTests {
    /// Clients at work on a process until they have asked so often, or it ends.
    private func work(
        _ simulation: Simulation, _ process: SimulatedProcess, _ recorder: CellClient.Recorder, generation: Int,
        cellCount: Int, requestCount: Int, togetherEighths: Int, clientCount: Int
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<clientCount {
                let client = CellClient(
                    calls: process, recorder: recorder, cellCount: cellCount,
                    firstValue: (generation * clientCount + number + 1) * 1_000_000,
                    note: "seed \(simulation.seed)")
                let generator = simulation.generator()
                group.addTask { await client.run(requestCount, generator, togetherEighths: togetherEighths) }
            }
        }
    }

    /// Three processes one after another, of which the first two end in the middle of something.
    private func history(
        _ simulation: Simulation, cellCount: Int, requestCount: Int, togetherEighths: Int, clientCount: Int
    ) async throws -> [HistoryEntry<CellModel.Call, CellModel.Answer>] {
        let recorder = CellClient.Recorder()
        try await simulation.run {
            let first = simulation.start()
            _ = try await first.service.createTable(ItemFixture.indexed, first.context)
            await first.kill()
            for generation in 0..<3 {
                let process = simulation.start()
                await process.service.resume()
                if generation < 2 { process.store.end(afterCalls: 100 + simulation.below(requestCount * 20)) }
                await self.work(
                    simulation, process, recorder, generation: generation, cellCount: cellCount,
                    requestCount: requestCount, togetherEighths: togetherEighths, clientCount: clientCount)
                await process.kill()
            }
        }
        return recorder.entries
    }

    @Test(arguments: (0..<12).map { 0xE000 + $0 } as [UInt64])
    func `each item is a register, a counter and a lock`(_ own: UInt64) async throws {
        let simulation = Simulation(own)
        let history = try await self.history(
            simulation, cellCount: 3, requestCount: 40, togetherEighths: 0, clientCount: 6)
        #expect(history.count > 200, "seed \(simulation.seed)")
        for (cell, part) in CellModel.divided(history) {
            let verdict = Linearizability(CellModel([nil]), part).check()
            #expect(verdict.isHeld, "seed \(simulation.seed), cell \(cell): \(verdict)")
        }
    }

    @Test(arguments: (0..<12).map { 0xE100 + $0 } as [UInt64])
    func `transactions over several items are one step`(_ own: UInt64) async throws {
        let simulation = Simulation(own)
        let history = try await self.history(
            simulation, cellCount: 3, requestCount: 30, togetherEighths: 5, clientCount: 4)
        let verdict = Linearizability(CellModel([nil, nil, nil]), history).check()
        #expect(verdict.isHeld, "seed \(simulation.seed): \(verdict)")
    }
}
