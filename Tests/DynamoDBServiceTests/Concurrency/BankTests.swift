import DynamoDBModel
import DynamoDBService
import KeyValueConformance
import ServiceModel
import Testing

struct BankTests {
    @Test(arguments: (0..<10).map { 0xE200 + $0 } as [UInt64])
    func `transactions move money, and whoever counts meanwhile or after a crash finds all of it`(
        _ own: UInt64
    ) async throws {
        let simulation = Simulation(own)
        let note = "seed \(simulation.seed)"
        try await simulation.run {
            let first = simulation.start()
            _ = try await first.service.createTable(ItemFixture.indexed, first.context)
            try await Bank(calls: first, note: note).open()
            await first.kill()
            for generation in 0..<3 {
                let process = simulation.start()
                await process.service.resume()
                let bank = Bank(calls: process, note: note)
                if generation < 2 { process.store.end(afterCalls: 200 + simulation.below(1000)) }
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<3 {
                        let (mover, counter) = (simulation.generator(), simulation.generator())
                        group.addTask { await bank.transfer(25, mover, name: "\(generation)-\(number)") }
                        group.addTask { await bank.audit(20, counter) }
                    }
                }
                await process.kill()
            }
        }
    }
}
