import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceKit
import ServiceModel
import Testing
import WireProtocols

/// What tests of exports ask.
extension BackupFixture {
    static let bucket = "a-bucket"

    /// Exports the table and waits for the end; gives the description then.
    func export(
        _ change: (inout ExportTableToPointInTimeInput) -> Void = { _ in }
    ) async throws(ServiceError) -> ExportDescription? {
        var input = ExportTableToPointInTimeInput(
            tableARN: self.context.tableARN(named: Self.table), s3Bucket: Self.bucket)
        change(&input)
        self.objects.makeBucket(Self.bucket)
        let started = try await self.service.exportTableToPointInTime(input, self.context).exportDescription
        await self.service.jobs.whenIdle()
        return try await self.service.describeExport(
            DescribeExportInput(exportARN: started?.exportARN ?? ""), self.context
        ).exportDescription
    }

    /// The lines of every data file, in the order of keys of files.
    func lines() throws -> [String] {
        var lines: [String] = []
        for path in self.objects.paths where path.hasSuffix(".json.gz") || path.hasSuffix(".ion.gz") {
            var text: [UInt8] = []
            let inflater = try GzipInflater(outputBytesMax: 1 << 24)
            try inflater.inflate(try #require(self.objects[path]), appendingTo: &text)
            try inflater.finish()
            lines += String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        return lines
    }

    func text(_ path: String) throws -> String {
        String(decoding: try #require(self.objects[path]), as: UTF8.self)
    }
}

extension RequestContext {
    func tableARN(named name: String) -> String {
        ARN(service: "dynamodb", region: self.region, account: self.account, resource: "table/\(name)").description
    }
}
