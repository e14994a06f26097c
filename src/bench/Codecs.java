// What the same messages as in protocol-samples.ts cost Java's own classes:
//
//     java -cp "$(test/kafka/kafka classpath)" src/bench/Codecs.java

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.function.Supplier;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

public class Codecs {
    static final short VERSION = 9;

    public static void main(String[] args) {
        Message join = joinGroupResponse();
        Message commit = offsetCommitRequest();
        ByteBuffer joinBytes = encode(join);
        ByteBuffer commitBytes = encode(commit);
        report("JoinGroupResponse v9, 20 members, encode", () -> encode(join));
        report("JoinGroupResponse v9, 20 members, decode",
            () -> new JoinGroupResponseData(new ByteBufferAccessor(joinBytes.duplicate()), VERSION));
        report("OffsetCommitRequest v9, 100 partitions, encode", () -> encode(commit));
        report("OffsetCommitRequest v9, 100 partitions, decode",
            () -> new OffsetCommitRequestData(new ByteBufferAccessor(commitBytes.duplicate()), VERSION));
    }

    static ByteBuffer encode(Message message) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, VERSION));
        message.write(new ByteBufferAccessor(buffer), cache, VERSION);
        buffer.flip();
        return buffer;
    }

    static Object sink;

    /** Best of several rounds, as in protocol.ts. */
    static void report(String what, Supplier<Object> run) {
        int calls = 20_000;
        double best = Double.MAX_VALUE;
        for (int round = 0; round < 40; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) sink = run.get();
            best = Math.min(best, (System.nanoTime() - start) / 1000.0 / calls);
        }
        System.out.printf("%-50s %9.2f%n", what, best);
    }

    static String memberId(int n) {
        return "consumer-billing-" + n + "-" + n + "9f1c6e2-7a40-4d1b-9c55-0f2b8e6d7a3";
    }

    static Message joinGroupResponse() {
        JoinGroupResponseData response = new JoinGroupResponseData()
            .setGenerationId(17)
            .setProtocolType("consumer")
            .setProtocolName("range")
            .setLeader(memberId(10))
            .setMemberId(memberId(10));
        for (int n = 0; n < 20; n++) {
            byte[] metadata = new byte[40];
            Arrays.fill(metadata, (byte) n);
            response.members().add(new JoinGroupResponseData.JoinGroupResponseMember()
                .setMemberId(memberId(10 + n))
                .setMetadata(metadata));
        }
        return response;
    }

    static Message offsetCommitRequest() {
        OffsetCommitRequestData request = new OffsetCommitRequestData()
            .setGroupId("billing")
            .setGenerationIdOrMemberEpoch(17)
            .setMemberId("consumer-billing-1-09f1c6e2-7a40-4d1b-9c55-0f2b8e6d7a31")
            .setTopics(new ArrayList<>());
        for (int topic = 0; topic < 10; topic++) {
            OffsetCommitRequestData.OffsetCommitRequestTopic of = new OffsetCommitRequestData.OffsetCommitRequestTopic();
            of.setName("orders-" + topic);
            for (int partition = 0; partition < 10; partition++) {
                of.partitions().add(new OffsetCommitRequestData.OffsetCommitRequestPartition()
                    .setPartitionIndex(partition)
                    .setCommittedOffset(1_234_567 + partition)
                    .setCommittedLeaderEpoch(3)
                    .setCommittedMetadata(""));
            }
            request.topics().add(of);
        }
        return request;
    }
}
